// A directory with the files that a configuration names.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "proxy/config/config.h"

namespace pgconsent::config {

class ConfigTest : public ::testing::Test {
 protected:
  static constexpr const char* minimal =
      "version: 1\nserver: {host: 127.0.0.1}\ncontrol: {dbname: app, user: pgconsent}\nrules: rules.yaml\n";

  ConfigTest() {
    char name[] = "/tmp/pgconsent-config-XXXXXX";
    directory = ::mkdtemp(name);
    write("rules.yaml", "");
    write("password", "secret\n");
  }
  ~ConfigTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  void write(const std::string& name, std::string_view text) { std::ofstream(directory / name) << text; }
  ReadResult parse(std::string_view yaml) { return parse_config(yaml, directory, "pgconsent.yaml"); }
  static std::string text(const ReadResult& result) {
    std::string out;
    for (const auto& diagnostic : result.diagnostics) out += rules::to_string(diagnostic) + "\n";
    return out;
  }
  std::filesystem::path directory;
};

}  // namespace pgconsent::config
