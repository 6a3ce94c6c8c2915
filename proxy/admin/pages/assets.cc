#include "proxy/admin/pages/assets.h"

#include <map>

#include "proxy/admin/pages/secrets.h"

namespace pgconsent::pages {

namespace {

std::map<std::string, std::string, std::less<>> make_addresses() {
  std::map<std::string, std::string, std::less<>> out;
  for (const AssetFile* file = asset_files; file->name != nullptr; ++file)
    out.emplace(file->name, "/assets/" + digest(file->content).substr(0, 16) + "/" + file->name);
  return out;
}

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

}  // namespace

const std::string& asset_address(std::string_view name) {
  static const auto addresses = make_addresses();
  static const std::string none;
  const auto found = addresses.find(name);
  return found == addresses.end() ? none : found->second;
}

Reply asset(std::string_view path) {
  for (const AssetFile* file = asset_files; file->name != nullptr; ++file) {
    if (asset_address(file->name) != path) continue;
    Reply reply;
    reply.type = type_of(file->name);
    reply.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
    reply.body = file->content;
    return reply;
  }
  Reply reply;
  reply.status = 404;
  reply.type = "text/plain; charset=utf-8";
  reply.body = "Not Found\n";
  return reply;
}

}  // namespace pgconsent::pages
