// A PostgreSQL server that lives as long as the object: its own data directory under /tmp, trust
// authentication, no fsync. Started as user postgres when the test runs as root. Throws std::runtime_error
// when it can't start.
#pragma once

#include <string>
#include <vector>

namespace pgconsent::test {

class PrivatePostgres {
 public:
  // `settings`: "max_connections=50", …
  explicit PrivatePostgres(const std::vector<std::string>& settings = {});
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  const std::string& socket_directory() const { return directory_; }  // as libpq's host
  int port() const { return port_; }                                  // on 127.0.0.1 as well
  std::string superuser() const { return "postgres"; }

  void stop();   // immediate
  void start();  // again, same port
  // psql as the superuser; false when a statement fails. `output` gets what -At prints.
  bool run(const std::string& database, const std::string& sql, std::string* output = nullptr) const;

 private:
  std::string directory_, settings_;
  int port_ = 0;
};

}  // namespace pgconsent::test
