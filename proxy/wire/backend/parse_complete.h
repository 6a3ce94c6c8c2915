// ParseComplete: the prepared statement exists.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct ParseComplete : EmptyMessage<'1'> {};

}  // namespace pgconsent::wire::backend
