// Sync: ends an extended-query batch; answered by ReadyForQuery.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::frontend {

struct Sync : EmptyMessage<'S'> {};

}  // namespace pgconsent::wire::frontend
