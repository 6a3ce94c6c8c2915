#include "proxy/audit/log.h"

#include "proxy/audit/file_log.h"

namespace pgconsent::audit {

Log::OpenResult Log::open(const Options& options) {
  auto log = std::make_unique<FileLog>();
  std::string error = log->open(options);
  if (!error.empty()) return {nullptr, std::move(error)};
  return {std::move(log), {}};
}

}  // namespace pgconsent::audit
