// The commands besides `serve`. Each returns the exit status: 0 fine, 1 found problems, 2 could not run.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pgconsent {

inline constexpr int fine = 0, found_problems = 1, could_not_run = 2;

// One line on stderr; returns the status.
int fail(int status, std::string_view why, std::string_view hint = {});

struct CheckOptions {
  std::filesystem::path config;
  bool json = false;
};
int run_check(const CheckOptions& options);

struct ExplainOptions {
  std::filesystem::path config;
  std::string role, purpose, database, sql;
  bool json = false;
};
int run_explain(const ExplainOptions& options);

struct InitOptions {
  std::filesystem::path config;
  std::string database;
  bool dry_run = false;
};
int run_init(const InitOptions& options);

}  // namespace pgconsent
