// Terminate: the client says goodbye.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::frontend {

struct Terminate : EmptyMessage<'X'> {};

}  // namespace pgconsent::wire::frontend
