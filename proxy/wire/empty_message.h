// A message that is its type byte and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/writer.h"

namespace pgconsent::wire {

template <char Type>
struct EmptyMessage {
  static constexpr char type = Type;
};

template <char Type>
bool parse(std::string_view body, EmptyMessage<Type>&) {
  return body.empty();
}

template <char Type>
void serialize(const EmptyMessage<Type>&, std::string& out) {
  Writer(out, Type);
}

}  // namespace pgconsent::wire
