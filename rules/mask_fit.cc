// Does a mask give values of the column's type, and does it hide anything there?
#include <limits>

#include "parser/names/type_oids.h"
#include "rules/mask_parser.h"
#include "rules/types.h"
#include "rules/utf8.h"

namespace pgconsent::rules {

namespace {

using parser::Column;

std::int64_t largest(const Column& column) {
  if (column.type == parser::smallint_oid) return std::numeric_limits<std::int16_t>::max();
  if (column.type == parser::integer_oid) return std::numeric_limits<std::int32_t>::max();
  return std::numeric_limits<std::int64_t>::max();
}

MaskFit wrong_type(const Mask& mask, const Column& column, std::string_view wanted) {
  return {"mask `" + std::string(to_string(mask.kind)) + "` works on " + std::string(wanted) + ", not on " +
              type_name(column),
          {},
          "`null` works on every type"};
}

MaskFit constant_fit(const Mask& mask, const Column& column) {
  if (!is_string(column)) {
    return {
        {}, "the server checks at run time that the constant is a value of type " + type_name(column), {}};
  }
  const int limit = length_limit(column);
  if (limit > 0 && utf8_length(mask.text) > static_cast<std::size_t>(limit)) {
    return {{}, "the constant is longer than " + type_name(column) + " and will be cut", {}};
  }
  return {};
}

MaskFit hash_fit(const Mask& mask, const Column& column) {
  constexpr int hex_digits = 64;
  if (!is_string(column)) return wrong_type(mask, column, "strings");
  if (int limit = length_limit(column); limit > 0 && limit < hex_digits) {
    return {{}, "mask `" + std::string(to_string(mask.kind)) + "` is cut to " + type_name(column), {}};
  }
  return {};
}

// On whole numbers, rounding to digits after the point changes nothing.
MaskFit round_fit(const Mask& mask, const Column& column) {
  if (!is_numeric(column)) return wrong_type(mask, column, "numbers");
  if (is_integer(column) && mask.step >= 0) {
    return {"mask `round` hides nothing of " + type_name(column), {}, "round(-2) rounds to hundreds"};
  }
  return {};
}

MaskFit range_fit(const Mask& mask, const Column& column) {
  if (!is_numeric(column)) return wrong_type(mask, column, "numbers");
  if (!is_integer(column)) return {};
  if (mask.step == 1) return {"mask `range(1)` hides nothing of " + type_name(column), {}, {}};
  if (mask.step > largest(column)) return {"the width of `range` is beyond " + type_name(column), {}, {}};
  return {};
}

}  // namespace

MaskFit mask_fit(const Mask& mask, const Column& column) {
  switch (mask.kind) {
    case Mask::Kind::null:
      if (column.not_null)
        return {{}, "the column is NOT NULL: applications may not expect the mask `null`", {}};
      return {};
    case Mask::Kind::constant:
      return constant_fit(mask, column);
    case Mask::Kind::partial:
    case Mask::Kind::email:
      return is_string(column) ? MaskFit{} : wrong_type(mask, column, "strings");
    case Mask::Kind::hash:
    case Mask::Kind::pseudonym:
      return hash_fit(mask, column);
    case Mask::Kind::year:
    case Mask::Kind::month:
      return is_date(column) ? MaskFit{} : wrong_type(mask, column, "dates and timestamps");
    case Mask::Kind::round:
      return round_fit(mask, column);
    case Mask::Kind::range:
      return range_fit(mask, column);
  }
  return {};
}

}  // namespace pgconsent::rules
