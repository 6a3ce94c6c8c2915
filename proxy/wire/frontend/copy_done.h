// CopyDone: all of the client's COPY data was sent.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::frontend {

struct CopyDone : EmptyMessage<'c'> {};

}  // namespace pgconsent::wire::frontend
