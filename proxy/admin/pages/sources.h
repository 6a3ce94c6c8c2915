// What the pages ask the running proxy. Called on the pages' own threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/enforce/generation.h"

namespace pgconsent::pages {

struct DatabaseRules {
  std::string database;
  enforce::GenerationPtr generation;  // null: the rules do not fit, everything is refused
};

// A statement of the record as it would be decided now.
struct Judgement {
  bool known = false;    // false: can't be judged, and `message` says why
  std::string decision;  // as in the record
  std::string purpose;
  std::string message, detail, hint;  // of a refusal
  int position = 0;                   // 1-based character in the statement that the refusal is about; 0: none
};
struct JudgeRequest {
  std::string database, role, purpose, statement;
};

struct LogState {
  bool writable = false;
  std::uint64_t records = 0, lost = 0, pending = 0;
  double lag = 0;         // seconds
  std::string directory;  // where it is
  bool shipping_works = true;
  double shipping_lag = 0;  // seconds since all of it was in the audit database
};

struct Verification {
  bool ran = false;  // false: `problems` says why
  std::uint64_t segments = 0, lines = 0;
  std::string head;  // hash of the last line
  std::uint64_t checkpoints = 0, signed_checkpoints = 0;
  std::uint64_t last_checkpoint = 0;  // id of the line; what comes after is held by the chain alone. 0: none
  double seconds = 0;
  std::vector<std::string> problems;
  std::vector<std::string> notes;  // nothing wrong, but good to know
};

struct SubjectNumber {
  std::vector<std::uint32_t> numbers;  // none: nobody of that key has one
  std::string problem;                 // not empty: it can't be told
};

struct Sources {
  std::function<std::vector<DatabaseRules>()> rules;
  std::function<Judgement(const JudgeRequest&)> judge;
  std::function<LogState()> log;
  // May be empty, then the pages do without:
  std::function<Verification()> verify;  // takes its time
  std::function<SubjectNumber(const std::string& kind, const std::string& key)> subject_number;
};

}  // namespace pgconsent::pages
