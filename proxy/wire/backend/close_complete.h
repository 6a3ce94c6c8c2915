// CloseComplete: the statement or portal is gone, or was never there.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct CloseComplete : EmptyMessage<'3'> {};

}  // namespace pgconsent::wire::backend
