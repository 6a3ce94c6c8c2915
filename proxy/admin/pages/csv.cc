#include "proxy/admin/pages/csv.h"

#include <spdlog/spdlog.h>

#include "proxy/admin/pages/list_order.h"

namespace pgconsent::pages {

namespace {

constexpr int rows_in_a_piece = 2000;

constexpr std::string_view columns[] = {
    "time",      "id",          "database",      "role",         "application", "client",
    "session",   "purpose",     "decision",      "reason",       "rules",       "basis",
    "tables",    "columns",     "rows",          "cells_masked", "sqlstate",    "duration_us",
    "server_us", "fingerprint", "rules_version", "statement"};

bool is_list(std::string_view column) {
  return column == "rules" || column == "basis" || column == "tables" || column == "columns";
}

std::string select_list() {
  std::string out;
  for (const std::string_view column : columns) {
    if (!out.empty()) out += ", ";
    out +=
        is_list(column) ? "array_to_string(s." + std::string(column) + ", '; ')" : "s." + std::string(column);
  }
  return out;
}

std::string head() {
  std::string out;
  for (const std::string_view column : columns) out.append(out.empty() ? "" : ",").append(column);
  return out + "\r\n";
}

class CsvStream : public Stream, public std::enable_shared_from_this<CsvStream> {
 public:
  CsvStream(Filter filter, Runner run) : filter_(std::move(filter)), run_(std::move(run)) {}

  void next(Done done) override {
    const bool taken = run_([self = shared_from_this(), done](Connection& connection) {
      std::string piece;
      const State state = self->piece(connection, piece);
      done(std::move(piece), state);
    });
    if (!taken) done({}, State::failed);
  }

 private:
  State piece(Connection& connection, std::string& out) {
    if (order_.mark_id.empty()) out += head();
    Problem problem;
    const auto rows = find_list(connection, select_list(), filter_, order_, rows_in_a_piece, problem);
    if (!rows) {
      spdlog::warn("admin pages: a download ended early: {}", problem.text);
      return State::failed;
    }
    for (int row = 0; row < rows->size(); ++row) {
      for (int column = 0; column < static_cast<int>(std::size(columns)); ++column) {
        if (column > 0) out.push_back(',');
        append_csv(out, rows->text(row, column));
      }
      out += "\r\n";
    }
    if (rows->size() < rows_in_a_piece) return State::last;
    order_.mark_value = rows->text(rows->size() - 1, 0);
    order_.mark_id = rows->text(rows->size() - 1, 1);
    return State::more;
  }

  const Filter filter_;
  const Runner run_;
  ListOrder order_;  // the newest first
};

}  // namespace

void append_csv(std::string& out, std::string_view field) {
  const bool formula =
      !field.empty() && std::string_view("=+-@\t\r").find(field.front()) != std::string_view::npos;
  if (!formula && field.find_first_of(",\"\r\n") == field.npos) {
    out.append(field);
    return;
  }
  out.push_back('"');
  if (formula) out.push_back('\'');
  for (const char c : field) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

Reply csv_reply(const Context& context, Runner run) {
  Filter filter = parse_filter(context.request.query, context.now, "all");
  Reply reply;
  reply.type = "text/csv; charset=utf-8";
  reply.headers.emplace_back("Content-Disposition",
                             "attachment; filename=\"pgconsent-audit-" + date_text(context.now) + ".csv\"");
  reply.stream = std::make_shared<CsvStream>(std::move(filter), std::move(run));
  return reply;
}

}  // namespace pgconsent::pages
