// One server with the fixture per test process.
#pragma once

#include <fstream>
#include <future>
#include <memory>
#include <pqxx/pqxx>
#include <sstream>
#include <stdexcept>
#include <string>

#include "proxy/catalog/loader.h"
#include "proxy/catalog/service.h"
#include "tests/support/private_postgres.h"

namespace pgconsent::catalog {

inline test::PrivatePostgres& server() {
  static auto instance = [] {  // an exception here would come again with every test
    auto fresh = std::make_unique<test::PrivatePostgres>();
    std::stringstream fixture;
    fixture << std::ifstream(std::string(PGCONSENT_SOURCE_DIR) + "/tests/unit/catalog/fixture.sql").rdbuf();
    if (!fresh->run("postgres", "CREATE DATABASE rich") || !fresh->run("rich", fixture.str())) {
      throw std::runtime_error("the fixture does not load");
    }
    return fresh;
  }();
  return *instance;
}

inline ControlSettings control() {
  ControlSettings settings;
  settings.host = server().socket_directory();
  settings.port = server().port();
  settings.dbname = "rich";
  settings.user = "postgres";
  settings.connect_timeout = 2;
  return settings;
}

inline parser::SnapshotPtr load() {
  ControlConnection::Result result =
      make_control_connection(control())->load_if_changed("", next_snapshot_version());
  if (!result.error.empty()) throw std::runtime_error(result.error);
  return result.snapshot;
}

inline std::unique_ptr<pqxx::connection> connect(const std::string& database = "rich") {
  return std::make_unique<pqxx::connection>("host=" + server().socket_directory() +
                                            " port=" + std::to_string(server().port()) +
                                            " user=postgres dbname=" + database);
}

}  // namespace pgconsent::catalog
