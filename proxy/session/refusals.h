// The session's own errors that several messages share.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "parser/names/sql_error.h"

namespace pgconsent::session {

parser::SqlError statement_too_long(std::size_t limit);
parser::SqlError invalid_message_format();
parser::SqlError reserved_name_used();
parser::SqlError too_many_statements(std::size_t limit);
parser::SqlError name_too_long();
parser::SqlError statement_unknown(std::string_view name);
parser::SqlError opened_for_other_purpose();
parser::SqlError opened_for_other_rules();
parser::SqlError snapshot_too_old(bool cursor, std::chrono::milliseconds limit);
parser::SqlError too_many_cursors(std::size_t limit);
parser::SqlError explains_prepared(std::string_view name);
parser::SqlError runs_utility(std::string_view name);
parser::SqlError prepared_for_other_rules(std::string_view name);
parser::SqlError audit_not_writable();
parser::SqlError dialect_not_supported(bool strings);
parser::SqlError names_in_another_encoding();
parser::SqlError catalog_unknown();
parser::SqlError refused_value(std::string_view rule);
parser::SqlError refused_write();
parser::SqlError no_rights_behind_view(const std::string& view, const std::string& relation);

}  // namespace pgconsent::session
