// CopyDone: all of the server's COPY data was sent.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct CopyDone : EmptyMessage<'c'> {};

}  // namespace pgconsent::wire::backend
