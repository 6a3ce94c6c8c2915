// BindComplete: the portal exists.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct BindComplete : EmptyMessage<'2'> {};

}  // namespace pgconsent::wire::backend
