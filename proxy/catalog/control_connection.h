// The connection of the proxy's own to one database. Used by one thread; cancel() by any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "parser/catalog/snapshot.h"

namespace pgconsent::catalog {

struct ControlSettings {
  std::string host;  // name, address or socket directory; empty: libpq's default
  int port = 5432;
  std::string dbname, user;
  std::string password;
  std::string password_file;  // holds nothing but the password; read at each connect. Wins over `password`
  std::string sslmode = "prefer";  // libpq's: disable, prefer, require, verify-full
  std::string sslrootcert;
  int connect_timeout = 5;  // seconds
};

// One state of the catalog, for comparison only.
using Fingerprint = std::string;

class ControlConnection {
 public:
  virtual ~ControlConnection() = default;

  // All in one REPEATABLE READ transaction: the fingerprint and the snapshot are of the same moment. Empty
  // `snapshot` when the fingerprint still is `known` (nothing was loaded). Reconnects when necessary.
  // Error: `error` is set and the connection is closed.
  struct Result {
    parser::SnapshotPtr snapshot;
    Fingerprint fingerprint;
    bool incomplete = false;  // some views are without definition: their tables are locked. Load again soon
    std::string error;        // for the log and the administrator; never holds a value of a row
  };
  virtual Result load_if_changed(const Fingerprint& known, std::uint64_t version) = 0;

  // Cheap: false when surely no transaction has changed anything since the last call of either method.
  // Error: true, and the load will tell.
  virtual bool may_have_changed() = 0;

  // Does the database announce changes of definitions (deploy/catalog_trigger.sql)? As of the last load.
  virtual bool is_told() const { return false; }
  // Was one announced since the last call? Does not wait. Error: true.
  virtual bool was_told() { return false; }

  // Makes a call in progress on another thread fail soon.
  virtual void cancel() = 0;
};

std::unique_ptr<ControlConnection> make_control_connection(ControlSettings settings);

}  // namespace pgconsent::catalog
