// NoData: the described statement or portal returns no rows.
#pragma once

#include "proxy/wire/empty_message.h"

namespace pgconsent::wire::backend {

struct NoData : EmptyMessage<'n'> {};

}  // namespace pgconsent::wire::backend
