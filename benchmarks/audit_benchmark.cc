// The audit record of one protected statement: formatted, chained and written in groups.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "proxy/audit/log.h"
#include "proxy/audit/verify.h"

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
  audit::Options options;
  options.directory = directory.path();
  options.sync = audit::Options::Sync::off;
  auto opened = audit::Log::open(options);
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
  record.catalog_version = 1, record.rules_version = "0123456789abcdef", record.duration_us = 7;

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

// What an application with some 50 statements of its own leaves behind: of many sessions, under several
// roles.
void append_realistic(audit::Log& log, std::uint64_t records) {
  const std::vector<std::string> rules{"public.users.email", "public.users.full_name", "public.users.phone"};
  const std::vector<std::string> basis{"contact: consent", "identity: contract"};
  const std::vector<std::string> tables{"public.users", "public.orders"};
  const char* const applications[] = {"crm", "billing", "support desk", "newsletter"};
  std::mt19937_64 random(5);
  for (std::uint64_t i = 0; i < records; ++i) {
    const std::uint64_t text = random() % 50, client = random() % 200;
    const std::string name(applications[text % 4]);
    const std::string address =
        "10.0.3." + std::to_string(client) + ":" + std::to_string(30'000 + client * 7);
    const std::string fingerprint = "0123456789ab" + std::to_string(1000 + text);
    const std::string statement = "SELECT u.id, u.email, u.full_name, u.phone, o.total_" +
                                  std::to_string(text) +
                                  " FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1 AND "
                                  "o.state = $2 ORDER BY o.made DESC LIMIT $3";
    audit::Record record;
    record.session = 1'700'000'000'000'000 + client;
    record.client = address;
    record.role = name, record.application = name, record.database = "shop";
    record.purpose = text % 2 == 0 ? "support" : "marketing", record.purpose_source = "role";
    record.decision = text % 5 == 0 ? "allowed" : "masked";
    record.rules = &rules, record.basis = &basis, record.tables = &tables, record.columns = &rules;
    record.fingerprint = fingerprint, record.statement = statement;
    record.catalog_version = 12, record.rules_version = "0123456789abcdef",
    record.duration_us = 5 + random() % 40;
    log.append(record);
    if (i % 32 == 0) log.flush();
  }
}

std::uint64_t bytes_in(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) bytes += entry.file_size();
  return bytes;
}

void verify(benchmark::State& state) {
  Directory directory;
  audit::Options options;
  options.directory = directory.path();
  options.sync = audit::Options::Sync::off;
  const auto records = static_cast<std::uint64_t>(state.range(0));
  {
    auto opened = audit::Log::open(options);
    if (opened.log == nullptr) return state.SkipWithError(opened.error.c_str());
    append_realistic(*opened.log, records);
  }
  { auto sealed = audit::Log::open(options); }  // the keeper's first round seals what is left
  for (auto _ : state) {
    const audit::VerifyResult result = audit::verify({directory.path(), {}, {}});
    if (!result.error.empty() || !result.findings.empty() || result.records < records)
      state.SkipWithError("the log does not verify");
  }
  state.counters["records"] = static_cast<double>(records);
  state.counters["bytes_per_record"] =
      static_cast<double>(bytes_in(directory.path())) / static_cast<double>(records);
}
BENCHMARK(verify)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
