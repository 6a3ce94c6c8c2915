#include "parser/names/built_in_types.h"

#include <algorithm>
#include <array>

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

constexpr std::array names = {"aclitem"sv,       "bit"sv,          "bool"sv,
                              "box"sv,           "bpchar"sv,       "bytea"sv,
                              "char"sv,          "cid"sv,          "cidr"sv,
                              "circle"sv,        "date"sv,         "datemultirange"sv,
                              "daterange"sv,     "float4"sv,       "float8"sv,
                              "gtsvector"sv,     "inet"sv,         "int2"sv,
                              "int2vector"sv,    "int4"sv,         "int4multirange"sv,
                              "int4range"sv,     "int8"sv,         "int8multirange"sv,
                              "int8range"sv,     "interval"sv,     "json"sv,
                              "jsonb"sv,         "jsonpath"sv,     "line"sv,
                              "lseg"sv,          "macaddr"sv,      "macaddr8"sv,
                              "money"sv,         "name"sv,         "numeric"sv,
                              "nummultirange"sv, "numrange"sv,     "oid"sv,
                              "oidvector"sv,     "path"sv,         "pg_lsn"sv,
                              "pg_node_tree"sv,  "pg_snapshot"sv,  "point"sv,
                              "polygon"sv,       "record"sv,       "refcursor"sv,
                              "regclass"sv,      "regcollation"sv, "regconfig"sv,
                              "regdictionary"sv, "regnamespace"sv, "regoper"sv,
                              "regoperator"sv,   "regproc"sv,      "regprocedure"sv,
                              "regrole"sv,       "regtype"sv,      "text"sv,
                              "tid"sv,           "time"sv,         "timestamp"sv,
                              "timestamptz"sv,   "timetz"sv,       "tsmultirange"sv,
                              "tsquery"sv,       "tsrange"sv,      "tstzmultirange"sv,
                              "tstzrange"sv,     "tsvector"sv,     "txid_snapshot"sv,
                              "uuid"sv,          "varbit"sv,       "varchar"sv,
                              "xid"sv,           "xid8"sv,         "xml"sv};
static_assert(std::is_sorted(names.begin(), names.end()));

}  // namespace

bool is_built_in_type(std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

}  // namespace pgconsent::parser
