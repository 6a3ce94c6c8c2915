// A directory of its own per test, and the audit file's lines.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "proxy/audit/log.h"

namespace pgconsent::audit {

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    char name[] = "/tmp/pgconsent-audit-XXXXXX";
    root = ::mkdtemp(name);
    directory = root / "audit";
    options.directory = directory;
    options.sync = Options::Sync::off;
  }
  ~AuditTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }

  std::unique_ptr<Log> open() {
    auto [log, error] = Log::open(options);
    EXPECT_EQ(error, "");
    return std::move(log);
  }
  std::filesystem::path file() const { return directory / "audit.jsonl"; }
  std::string bytes() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> lines() const {
    std::ifstream in(file(), std::ios::binary);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  // As an outsider would verify it: the five lines of the README, run by Python.
  bool chain_is_right() const;

  std::filesystem::path root, directory;
  Options options;
};

inline bool AuditTest::chain_is_right() const {
  std::ifstream readme(PGCONSENT_SOURCE_DIR "/proxy/audit/README.md");
  std::ofstream script(root / "verify.py");
  int count = 0;
  for (std::string line; std::getline(readme, line);) {
    if (!line.starts_with("    ")) continue;
    script << line.substr(4) << '\n';
    ++count;
  }
  script.close();
  EXPECT_GE(count, 5);
  std::string command = "cd " + root.string() + " && python3 verify.py 2>/dev/null";
  return std::system(command.c_str()) == 0;
}

inline Record sample() {
  Record record;
  record.session = 7;
  record.client = "127.0.0.1:5000";
  record.role = "crm_app";
  record.decision = "masked";
  record.statement = "SELECT email FROM users WHERE id = $1";
  return record;
}

}  // namespace pgconsent::audit
