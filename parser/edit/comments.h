// What comments mean to the proxy: a purpose in a sqlcommenter comment, and a gap the parser stumbles over.
#pragma once

#include <optional>
#include <string>

namespace pgconsent::parser {

// The value of `purpose` in a comment like /*app='crm',purpose='marketing'*/
// (https://google.github.io/sqlcommenter/spec/): keys and values URL-encoded, values in single quotes. Empty
// when there is none. `conflict` is set when two comments name different purposes. REQUIRES: the text scans.
std::optional<std::string> purpose_in_comment(const std::string& text, bool& conflict);

// The same text with every comment blanked out, of equal length; nullopt when there are none or the text does
// not scan. libpg_query rejects a comment between two look-ahead tokens (NOT /**/ IN) that the server
// accepts.
std::optional<std::string> without_comments(const std::string& text);

}  // namespace pgconsent::parser
