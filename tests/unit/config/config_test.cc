#include "proxy/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/config/config_files.h"

namespace pgconsent::config {
namespace {

using ::testing::HasSubstr;

TEST_F(ConfigTest, ReadsTheExampleOfTheDesign) {
  for (const char* name : {"c.pem", "k.pem", "ca.pem"}) write(name, "");
  auto result = parse(R"(
version: 1
listen:  {address: 0.0.0.0, port: 7000, tls: {mode: require, certificate: c.pem, key: k.pem, client_ca: ca.pem}}
server:  {hosts: [a, "b:5433", "[::1]:5434", /run/postgresql], port: 5555, tls: {mode: verify-full, ca: ca.pem}}
control: {dbname: app, user: pgconsent, password_file: password}
rules:   rules.yaml
databases: [app, "tenant_*"]
other_databases: pass
audit:   {directory: log/audit}
admin:   {address: 127.0.0.1, port: 6433}
workers: 4
limits:
  connections: 50
  pending_connections: 20
  authentication_timeout: 5
  connect_timeout: 1500ms
  drain_timeout: 2min
  max_snapshot_age: 90s
  statement_bytes: 1MB
  plan_cache_bytes: 128 kB
log: {level: warning}
)");
  ASSERT_EQ(text(result), "");
  const Config& config = *result.config;
  EXPECT_EQ(config.listen, (Endpoint{"0.0.0.0", 7000}));
  EXPECT_EQ(config.listen_tls.mode, ListenTls::Mode::require);
  EXPECT_EQ(config.listen_tls.client_ca, directory / "ca.pem");
  EXPECT_EQ(config.servers,
            (std::vector<Endpoint>{{"a", 5555}, {"b", 5433}, {"::1", 5434}, {"/run/postgresql", 5555}}));
  EXPECT_EQ(config.server_tls.mode, ServerTls::Mode::verify_full);
  EXPECT_EQ(config.rules, directory / "rules.yaml");
  EXPECT_TRUE(config.pass_other_databases);
  EXPECT_EQ(config.audit_directory, directory / "log/audit");
  EXPECT_EQ(config.admin, (Endpoint{"127.0.0.1", 6433}));
  EXPECT_EQ(config.workers, 4u);
  EXPECT_EQ(config.limits.connections, 50u);
  EXPECT_EQ(config.limits.pending_connections, 20u);
  EXPECT_EQ(config.limits.authentication_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config.limits.connect_timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(config.limits.drain_timeout, std::chrono::minutes(2));
  EXPECT_EQ(config.limits.max_snapshot_age, std::chrono::seconds(90));
  EXPECT_EQ(config.limits.statement_bytes, 1u << 20);
  EXPECT_EQ(config.limits.plan_cache_bytes, 128u << 10);
  EXPECT_EQ(config.log_level, LogLevel::warning);
}

TEST_F(ConfigTest, HasDefaults) {
  auto result = parse(minimal);
  ASSERT_EQ(text(result), "");
  const Config& config = *result.config;
  EXPECT_EQ(config.listen, (Endpoint{"127.0.0.1", 6432}));
  EXPECT_EQ(config.listen_tls.mode, ListenTls::Mode::absent);
  EXPECT_EQ(config.servers, (std::vector<Endpoint>{{"127.0.0.1", 5432}}));
  EXPECT_EQ(config.server_tls.mode, ServerTls::Mode::prefer);
  EXPECT_EQ(config.databases, std::vector<std::string>{"app"});
  EXPECT_FALSE(config.pass_other_databases);
  EXPECT_EQ(config.audit_directory, directory / "audit");
  EXPECT_FALSE(config.admin);
  EXPECT_EQ(config.limits, Limits{});
}

// Each case: what is wrong, and all that must be said about it.
TEST_F(ConfigTest, ReportsAllProblemsAtOnceWithTheirPlaces) {
  auto result = parse(R"(version: 2
listn: {port: 1}
server: {host: h, port: 70000, tls: {mode: verify-ca}}
control: {user: u, dbname: [app]}
rules: nowhere.yaml
other_databases: maybe
workers: many
limits: {drain_timeout: 3 days, statement_bytes: 1TB, connections: 0}
log: {}
audit: audit
)");
  EXPECT_FALSE(result.config);
  std::string missing = (directory / "nowhere.yaml").string();
  EXPECT_EQ(
      text(result),
      "pgconsent.yaml:1:10: error: `2` is not a value of `version` (use a number from 1 to 1)\n"
      "pgconsent.yaml:2:1: error: unknown key `listn` (did you mean `listen`?)\n"
      "pgconsent.yaml:3:25: error: `70000` is not a value of `server.port` (use a number from 1 to 65535)\n"
      "pgconsent.yaml:3:44: error: `verify-ca` is not a value of `server.tls.mode` (use one of `disable`, "
      "`prefer`, `require`, `verify-full`)\n"
      "pgconsent.yaml:4:28: error: `control.dbname` must be a text\n"
      "pgconsent.yaml:5:8: error: can't read the file `" +
          missing +
          "` of `rules` (relative paths start at the directory of this file)\n"
          "pgconsent.yaml:6:18: error: `maybe` is not a value of `other_databases` (use one of `refuse`, "
          "`pass`)\n"
          "pgconsent.yaml:7:10: error: `many` is not a value of `workers` (use a number from 1 to 256)\n"
          "pgconsent.yaml:8:25: error: `3 days` is not a value of `limits.drain_timeout` (use a time from "
          "`1ms` to "
          "`24h`, with a unit of ms, s, min or h)\n"
          "pgconsent.yaml:8:50: error: `1TB` is not a value of `limits.statement_bytes` (use a size from "
          "1024 to "
          "1073741824 bytes, with a unit of B, kB, MB or GB)\n"
          "pgconsent.yaml:8:68: error: `0` is not a value of `limits.connections` (use a number from 1 to "
          "1000000)\n"
          "pgconsent.yaml:10:8: error: `audit` must be a mapping of keys to values\n");
}

struct Wrong {
  const char* yaml;
  const char* message;
};

TEST_F(ConfigTest, RefusesWhatItCannotUnderstand) {
  const Wrong cases[] = {
      {"", "the file is empty"},
      {"- a", "not a mapping"},
      {"a: [", "error"},
      {"version: 1\nversion: 1", "version"},
      {"version: 1", "`server` is missing (add server:"},
      {"version: 1", "`control` is missing"},
      {"version: 1", "`rules` is missing"},
      {"server: {port: 5432}", "needs either `host` or `hosts`"},
      {"server: {host: a, hosts: [b]}", "needs either `host` or `hosts`"},
      {"server: {hosts: []}", "must be a list of texts"},
      {"server: {hosts: [\"a:\"]}", "`a:` is not a host"},
      {"server: {hosts: [\"a:0\"]}", "`a:0` is not a host"},
      {"server: {hosts: [\"[::1\"]}", "`[::1` is not a host"},
      {"server: {host: \"a,b\"}", "`a,b` is not a host"},
      {"server: {host: a, tls: {mode: prefer, ca: rules.yaml}}", "`server.tls.ca` has no effect"},
      {"listen: {tls: {mode: allow}}", "`listen.tls.certificate` is missing"},
      {"listen: {tls: {mode: allow}}", "`listen.tls.key` is missing"},
      {"control: {dbname: a}", "`control.user` is missing"},
      {"admin: {address: /run/pgconsent}", "`admin.address` must be a name or an IP address"},
      {"admin: {pages: {}}", "`admin.pages` needs the audit database that they show"},
      {"audit: {ship: {dbname: a, user: u}}\nadmin: {address: 10.0.0.1, pages: {}}",
       "without TLS `admin.pages` are only served on a loopback address"},
      {"admin: {tls: {key: /dev/null}}", "give a PEM file with the certificate and its chain"},
      {"admin: {pages: {idle_timeout: soon}}", "is not a value of `admin.pages.idle_timeout`"},
      {"limits: {max_snapshot_age: 0}", "h, or `unlimited`"},
      {"limits: {authentication_timeout: 0}", "is not a value of `limits.authentication_timeout`"},
      {"limits: {authentication_timeout: 99999999999999999999s}", "is not a value of"},
      {"limits: {statement_bytes: 99999999999GB}", "is not a value of `limits.statement_bytes`"},
      {"databases: app", "`databases` must be a list of texts"},
      {"workers: -1", "is not a value of `workers`"},
  };
  for (const Wrong& wrong : cases) {
    auto result = parse(wrong.yaml);
    EXPECT_FALSE(result.config) << wrong.yaml;
    EXPECT_THAT(text(result), HasSubstr(wrong.message)) << wrong.yaml;
  }
}

TEST_F(ConfigTest, WarnsOfClientCertificatesThatCanBeAvoided) {
  auto result = parse(
      std::string(minimal) +
      "listen: {tls: {mode: allow, certificate: rules.yaml, key: rules.yaml, client_ca: rules.yaml}}\n");
  EXPECT_TRUE(result.config);
  EXPECT_THAT(text(result), HasSubstr("warning: a client without TLS needs no certificate"));
}

TEST_F(ConfigTest, SaysThatAFileCannotBeRead) {
  for (auto file : {directory / "nowhere.yaml", directory}) {
    auto result = read_config(file);
    EXPECT_FALSE(result.config);
    EXPECT_EQ(text(result), file.string() + ": error: can't read the file\n");
  }
}

TEST_F(ConfigTest, TheExampleForAFirstUserIsValidAndShowsTheDefaults) {
  write("control.password", "secret");
  std::ifstream in(PGCONSENT_SOURCE_DIR "/deploy/pgconsent.yaml");
  auto result = parse(std::string(std::istreambuf_iterator<char>(in), {}));
  ASSERT_TRUE(result.config) << text(result);
  EXPECT_EQ(text(result), "");
  EXPECT_EQ(result.config->limits, Limits{});
}

TEST_F(ConfigTest, TakesPathsRelativeToTheFile) {
  write("pgconsent.yaml", minimal);
  auto result = read_config(directory / "pgconsent.yaml");
  ASSERT_TRUE(result.config) << text(result);
  EXPECT_EQ(result.config->rules, directory / "rules.yaml");
}

TEST(Glob, Matches) {
  EXPECT_TRUE(glob_match("app", "app"));
  EXPECT_FALSE(glob_match("app", "apps"));
  EXPECT_TRUE(glob_match("tenant_*", "tenant_"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("a*b*c", "aXbXbc"));
  EXPECT_FALSE(glob_match("a*b*c", "aXbXb"));
  EXPECT_TRUE(glob_match("t?", "t1"));
  EXPECT_FALSE(glob_match("t?", "t"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_FALSE(glob_match("App", "app"));  // names of databases are case-sensitive
}

TEST_F(ConfigTest, QuotesTheControlConnection) {
  write("secret", "it's \\ a secret\r\nsecond line\n");
  auto result = parse(std::string(minimal) + "");
  Config config = *result.config;
  config.servers = {{"a", 1}, {"/run/pg", 2}};
  config.control.password_file = directory / "secret";
  auto [connection, error] = control_connection(config, "o'db");
  EXPECT_EQ(error, "");
  EXPECT_EQ(connection,
            "host='a,/run/pg' port='1,2' dbname='o\\'db' user='pgconsent' application_name='pgconsent' "
            "client_encoding='UTF8' connect_timeout='10' sslmode='prefer' password='it\\'s \\\\ a secret'");
  config.control.password_file = directory / "nowhere";
  EXPECT_THAT(control_connection(config, "app").error, HasSubstr("can't read the password"));
}

}  // namespace
}  // namespace pgconsent::config
