// What the rules need to know about column types. Private to rules/.
#pragma once

#include <string>

#include "parser/catalog/snapshot.h"
#include "rules/policy.h"

namespace pgconsent::rules {

bool is_integer(const parser::Column& column);  // smallint, integer, bigint
bool is_numeric(const parser::Column& column);  // integers, real, double precision, numeric
bool is_string(const parser::Column& column);   // text, varchar, char, name, citext, domains over them
bool is_date(const parser::Column& column);     // date, timestamp, timestamptz
bool is_timestamptz(const parser::Column& column);
bool is_boolean(const parser::Column& column);
bool is_enum(const parser::Column& column);

// Is it of a type that an extension or somebody made (citext)? The guard compares with the operators of
// pg_catalog alone: what such a type calls equal would be two persons, or two purposes, to it.
bool has_own_equality(const parser::Snapshot& catalog, const parser::Column& column);

// Can keys of the two columns be compared with `=` and mean the same? Same type, both integers or both
// strings; a domain counts as its base type.
bool comparable(const parser::Snapshot& catalog, const parser::Column& a, const parser::Column& b);

// varchar(n), char(n): n; otherwise 0.
int length_limit(const parser::Column& column);

// For messages: integer, character varying(50), public.mood.
std::string type_name(const parser::Column& column);

struct MaskFit {
  std::string error, warning, hint;
};
MaskFit mask_fit(const Mask& mask, const parser::Column& column);

}  // namespace pgconsent::rules
