// The stylesheet, the script and the icon, compiled in. Their addresses hold a digest of the content, so that
// a browser keeps them and never an old one.
#pragma once

#include <string>
#include <string_view>

#include "proxy/admin/pages/http.h"

namespace pgconsent::pages {

struct AssetFile {
  const char* name;
  const char* content;
};
extern const AssetFile asset_files[];  // ends with nulls; generated, see CMakeLists.txt

// "/assets/0123456789abcdef/style.css"; empty for an unknown name.
const std::string& asset_address(std::string_view name);
// Status 404 when the path is none of theirs.
Reply asset(std::string_view path);

}  // namespace pgconsent::pages
