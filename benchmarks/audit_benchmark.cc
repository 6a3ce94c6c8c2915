// The audit record of one protected statement: formatted, chained and written in groups.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "proxy/audit/log.h"

namespace {

namespace audit = pgconsent::audit;

// A directory of its own for one benchmark.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "pgconsent-audit-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// `range(0)` records go out with one flush, as many as end in one turn of the event loop.
void append(benchmark::State& state) {
  Directory directory;
  auto opened = audit::Log::open(directory.path());
  if (opened.log == nullptr) {
    state.SkipWithError(opened.error.c_str());
    return;
  }
  const std::vector<std::string> rules{"public.users.email", "public.users.full_name", "public.users.phone"};
  const std::vector<std::string> basis{"contact: consent", "identity: consent"};
  const std::vector<std::string> tables{"public.users"};
  audit::Record record;
  record.session = 42;
  record.client = "127.0.0.1:50000";
  record.role = "app", record.application = "pgbench", record.database = "bench";
  record.purpose = "marketing", record.purpose_source = "role", record.decision = "masked";
  record.rules = &rules, record.basis = &basis, record.tables = &tables, record.columns = &rules;
  record.fingerprint = "0123456789abcdef";
  record.statement = "SELECT id, email, full_name, phone, city FROM users WHERE id = $1";
  record.rows = 1, record.catalog_version = 1, record.rules_version = "0123456789abcdef",
  record.duration_us = 7;

  const auto group = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t last = 0;
  for (auto _ : state) {
    last = opened.log->append(record);
    if (last % group == 0) opened.log->flush();
  }
  opened.log->flush();
  if (!opened.log->written(last) || !opened.log->healthy()) state.SkipWithError("the log was not written");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(append)->Arg(1)->Arg(4)->Arg(64);

}  // namespace
