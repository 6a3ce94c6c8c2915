// The proxy as a whole: reads the configuration, starts the workers, reacts to signals.
#pragma once

#include <filesystem>

namespace pgconsent::net {

// Runs until SIGTERM (drains) or SIGINT (at once). The process's exit status: 0, or 2 when it could not run.
// Logs to spdlog's default logger.
int serve(const std::filesystem::path& config_file);

}  // namespace pgconsent::net
