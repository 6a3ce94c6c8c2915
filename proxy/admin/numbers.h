// What a running proxy measures of itself at one moment: plain data, without a name or value of anybody's.
// Counts begin with the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgconsent::admin {

struct Times {
  std::vector<std::pair<double, std::uint64_t>> at_most;  // seconds, how often: cumulative, ascending
  std::uint64_t count = 0;
  double sum = 0;  // seconds
};

struct DatabaseNumbers {
  std::string name;
  bool in_force = false;  // false: its rules do not fit its catalog, everything is refused
  std::uint64_t catalog_version = 0;
  std::optional<double> catalog_age;  // seconds since the catalog was known to be what the server has
  std::string rules;                  // digest
};

struct ShipNumbers {
  bool working = false;  // the last attempt to ship to the audit database succeeded
  std::uint64_t lines = 0, failures = 0;
  double lag = 0;  // seconds since all of the log was in it
};

struct AuditNumbers {
  bool writable = false;
  std::uint64_t records = 0, lost = 0;
  std::uint64_t pending_records = 0, pending_bytes = 0;
  double lag = 0;                       // seconds that the oldest pending record has waited
  std::uint64_t subjects = 0;           // with a number in the subject directory
  std::optional<ShipNumbers> shipping;  // only where an audit database is configured
};

struct Numbers {
  std::uint64_t connections_accepted = 0, connections_refused = 0;
  std::uint64_t connections = 0, connections_pending = 0;         // open; of these not authenticated yet
  std::uint64_t sessions = 0;                                     // authenticated
  std::vector<std::pair<std::string, std::uint64_t>> statements;  // by decision
  std::vector<std::pair<std::string, std::uint64_t>> refusals;    // by reason
  std::vector<std::pair<std::string, std::uint64_t>> plans;       // by where they came from
  std::uint64_t cells_masked = 0;                                 // where it is known
  Times analysis;
  std::uint64_t from_client = 0, to_client = 0, from_server = 0, to_server = 0;  // bytes, decrypted
  AuditNumbers audit;
  std::vector<DatabaseNumbers> databases;
  std::optional<double> consent_index_age;  // seconds; only where an index decides
};

}  // namespace pgconsent::admin
