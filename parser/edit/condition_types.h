// What is known of the types in a condition: which can be read from text and written as text in one way only.
#pragma once

#include <string_view>

#include "parser/catalog/snapshot.h"
#include "parser/names/type_oids.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

inline constexpr Oid literal_type = 705;  // unknown: a string constant takes the type of what is beside it
inline constexpr Oid other_type = 0;      // one of which nothing is known here

// A domain's base type. Built-in types that settings matter to, and all that are not known, are other_type;
// dates, time stamps without a zone, times and intervals have names of their own.
Oid known_type(Oid type, const Snapshot& catalog);
// The type that a cast names.
Oid known_type(const TypeName& name, const Snapshot& catalog);
// Of a functional cast: date('2024-01-01'). literal_type: it names none.
Oid type_named(std::string_view name);

bool is_text(Oid type);
bool is_time_type(Oid type);  // date, timestamp, time, interval
bool is_number(Oid type);
bool is_array(Oid type);  // of elements that are plain
// Read and written the same under every setting.
bool is_plain(Oid type);
// May an argument of the one type be passed for a parameter of the other? Roughly: never too few.
bool may_become(Oid argument, Oid parameter);
bool is_polymorphic(Oid type);
// The one that both sides of an operator, or all results of a CASE, become.
Oid common_type(Oid a, Oid b);

}  // namespace pgconsent::parser
