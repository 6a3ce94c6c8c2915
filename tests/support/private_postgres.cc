#include "tests/support/private_postgres.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace pgconsent::test {

namespace {

constexpr const char* binaries = "/usr/lib/postgresql/15/bin/";

// initdb and postgres refuse to run as root.
std::string as_server_user() {
  return geteuid() == 0 ? "runuser -u postgres -- " : "";
}

bool shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

int free_port() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bool ok = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
            getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) close(fd);
  if (!ok) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace

PrivatePostgres::PrivatePostgres(const std::vector<std::string>& settings) : port_(free_port()) {
  std::array<char, 32> name{"/tmp/pgconsent-test-XXXXXX"};
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("can't make a directory under /tmp");
  directory_ = name.data();
  if (geteuid() == 0) shell("chown postgres " + directory_);
  for (const std::string& setting : settings) settings_ += " -c " + setting;
  bool made = shell("cd /tmp && " + as_server_user() + binaries + "initdb -D " + directory_ +
                    "/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync");
  if (!made) {
    shell("rm -rf " + directory_);
    throw std::runtime_error("initdb has failed");
  }
  start();
}

PrivatePostgres::~PrivatePostgres() {
  stop();
  shell("rm -rf " + directory_);
}

void PrivatePostgres::start() {
  std::string options = "-p " + std::to_string(port_) + " -k " + directory_ +
                        " -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=32MB" + settings_;
  bool started = shell("cd /tmp && " + as_server_user() + binaries + "pg_ctl -D " + directory_ +
                       "/data -w -l " + directory_ + "/log -o '" + options + "' start");
  if (!started) throw std::runtime_error("the server does not start, see " + directory_ + "/log");
}

void PrivatePostgres::stop() {
  shell("cd /tmp && " + as_server_user() + binaries + "pg_ctl -D " + directory_ +
        "/data -w -m immediate stop");
}

bool PrivatePostgres::run(const std::string& database, const std::string& sql, std::string* output) const {
  std::string file = directory_ + "/script.sql";
  std::ofstream(file) << sql;
  std::string command = std::string(binaries) + "psql -X -q -At -v ON_ERROR_STOP=1 -h " + directory_ +
                        " -p " + std::to_string(port_) + " -U postgres -d " + database + " -f " + file +
                        " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::string text;
  std::array<char, 4096> buffer;
  while (std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), count);
  int status = pclose(pipe);
  if (status != 0) fprintf(stderr, "%s", text.c_str());
  if (output != nullptr) *output = std::move(text);
  return status == 0;
}

}  // namespace pgconsent::test
