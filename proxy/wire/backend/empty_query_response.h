// EmptyQueryResponse: stands for CommandComplete where the text held no statement.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct EmptyQueryResponse : EmptyMessage<'I'> {};

}  // namespace pgconsent::wire::backend
