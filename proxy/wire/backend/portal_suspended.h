// PortalSuspended: Execute reached its row limit.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct PortalSuspended : EmptyMessage<'s'> {};

}  // namespace pgconsent::wire::backend
