// Flush: the server sends what it has answered so far; draws no response of its own.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::frontend {

struct Flush : EmptyMessage<'H'> {};

}  // namespace pgconsent::wire::frontend
