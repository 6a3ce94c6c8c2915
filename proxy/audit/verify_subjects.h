// The subject directory against what the chain says of it. Private to proxy/audit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "proxy/audit/log_line.h"
#include "proxy/audit/verify.h"

namespace pgconsent::audit {

class SubjectsCheck {
 public:
  // In this order; the log is read between them, and a proxy may write meanwhile.
  void begin(const std::filesystem::path& directory);
  void line(const LogLine& line, std::uint64_t id, VerifyResult& result);
  void finish(bool must_be_there, VerifyResult& result);

 private:
  struct Said {
    std::string digest;
    std::uint64_t id = 0;  // of the line
  };
  // An error text, empty when fine.
  std::string read_erased(std::vector<std::uint64_t>& places, std::uint64_t& not_noticed) const;
  void check_entries(VerifyResult& result);
  void check_erased(VerifyResult& result) const;
  static void finding(VerifyResult& result, std::string what, std::uint64_t id);

  std::filesystem::path directory_;
  std::map<std::uint64_t, Said> said_;  // by where the entries end: the first line that says so
  LogLine last_;
  std::uint64_t last_id_ = 0;
  std::vector<std::uint64_t> erased_before_, erased_after_;
  std::uint64_t not_noticed_ = 0;
};

}  // namespace pgconsent::audit
