// Answers from the audit database.
#include <fmt/format.h>

#include "proxy/audit_database/source.h"

namespace pgconsent::audit_database {

namespace {

constexpr const char* columns =
    "to_char(time, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), id, session, catalog, duration_us, client, hash, "
    "database, role, "
    "application, purpose, purpose_source, decision, reason, rules, basis, tables, columns, fingerprint, "
    "statement, "
    "rules_version, outcome_id, to_char(ended, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), rows, cells_masked, "
    "server_us, "
    "sqlstate, subject_kinds, subject_sets, subjects_unknown";

using Field = std::optional<std::string_view>;

std::uint64_t number(const Field& field) {
  return field ? std::stoull(std::string(*field)) : 0;
}
std::optional<std::uint64_t> maybe(const Field& field) {
  return field ? std::optional(number(field)) : std::nullopt;
}
std::string text(const Field& field) {
  return std::string(field.value_or(""));
}
std::vector<std::string> list(const Field& field) {
  return parse_array(field.value_or("{}"));
}

// \x3a30… as bytes.
std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 2; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return out;
}

std::vector<Outcome::Subjects> subjects(const Field& kinds, const Field& sets) {
  const std::vector<std::string> names = list(kinds), bitmaps = list(sets);
  std::vector<Outcome::Subjects> out;
  for (std::size_t i = 0; i < names.size() && i < bitmaps.size(); ++i) {
    std::string bitmap = from_hex(bitmaps[i]);
    auto numbers = decode_bitmap(bitmap);  // was one when it was shipped
    out.push_back(
        {names[i], std::move(bitmap), numbers ? std::move(*numbers) : std::vector<std::uint32_t>{}});
  }
  return out;
}

Shape shape_from(const Row& row, std::size_t at) {
  return {text(row[at]),      text(row[at + 1]),  text(row[at + 2]),  text(row[at + 3]), text(row[at + 4]),
          text(row[at + 5]),  text(row[at + 6]),  list(row[at + 7]),  list(row[at + 8]), list(row[at + 9]),
          list(row[at + 10]), text(row[at + 11]), text(row[at + 12]), text(row[at + 13])};
}

Entry entry_from(const Row& row) {
  Entry entry{text(row[0]), number(row[1]), number(row[2]),     number(row[3]), number(row[4]),
              text(row[5]), text(row[6]),   shape_from(row, 7), std::nullopt};
  if (!row[21]) return entry;
  Outcome& outcome = entry.outcome.emplace();
  outcome.id = number(row[21]);
  outcome.time = text(row[22]);
  outcome.rows = maybe(row[23]);
  outcome.cells_masked = maybe(row[24]);
  outcome.server_us = maybe(row[25]);
  outcome.sqlstate = text(row[26]);
  outcome.subjects_known = row[27].has_value();
  outcome.subjects = subjects(row[27], row[28]);
  outcome.subjects_unknown = list(row[29]);
  return entry;
}

std::optional<std::string> given(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional(value);
}

class DatabaseSource : public Source {
 public:
  explicit DatabaseSource(Connection& connection) : connection_(connection) {}

  bool entries(const Filter& filter, Order order, std::size_t most, const Sink& sink) override;
  bool show(std::uint64_t id, std::optional<Entry>& entry) override;
  bool totals(const Filter& filter, bool with_subjects, std::vector<Total>& totals) override;
  std::vector<std::string> gaps() override;

 private:
  bool stream(const std::string& sql, const Values& values, const std::function<bool(const Row&)>& row);
  bool search(const Filter& filter, std::size_t most, const Sink& sink);
  bool add_subjects(const Filter& filter, const std::map<int, Total*>& by_shape);

  Connection& connection_;
};

bool DatabaseSource::stream(const std::string& sql, const Values& values,
                            const std::function<bool(const Row&)>& row) {
  if (connection_.stream(sql, values, row)) return true;
  const Error& error = connection_.error();
  if (error.sqlstate == "3F000" || error.sqlstate == "42P01" || error.sqlstate == "42883")
    return fail("there is no audit database here: run `pgconsent audit init`");
  return fail(error.message);
}

bool DatabaseSource::search(const Filter& filter, std::size_t most, const Sink& sink) {
  Values values{given(filter.since),       given(filter.until),    given(filter.role),
                given(filter.application), given(filter.purpose),  given(filter.decision),
                given(filter.table),       given(filter.column),   given(filter.database),
                given(filter.fingerprint), given(filter.contains), std::to_string(most)};
  std::string more;
  if (filter.subject) {
    values.push_back(filter.subject->kind);
    values.push_back(filter.subject->numbers.empty() ? "0" : std::to_string(filter.subject->numbers.front()));
    more = ", subject_kind => $13, subject_number => $14";
  }
  return stream(
      fmt::format("SELECT {} FROM pgconsent_audit.search($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, most "
                  "=> $12{}) ORDER BY time DESC, id DESC",
                  columns, more),
      values, [&](const Row& row) { return sink(entry_from(row)); });
}

// All of them are streamed in order of time; the newest few are searched.
bool DatabaseSource::entries(const Filter& filter, Order order, std::size_t most, const Sink& sink) {
  constexpr std::size_t all_about_one = 2'000'000'000;
  if (order == Order::newest_first && (most > 0 || filter.subject))
    return search(filter, most > 0 ? most : all_about_one, sink);
  std::vector<std::string> shapes;
  const bool found = stream(
      "SELECT shape, database, role, application, purpose, purpose_source, decision, reason, rules, basis, "
      "tables, columns, "
      "fingerprint, statement, rules_version FROM pgconsent_audit.statement_shapes",
      {}, [&](const Row& row) {
        if (matches(shape_from(row, 1), filter)) shapes.push_back(text(row[0]));
        return true;
      });
  if (!found) return false;
  std::size_t sent = 0;
  return stream(
      fmt::format(
          "SELECT {} FROM pgconsent_audit.statement_log WHERE shape = ANY ($1::integer[]) AND time >= "
          "coalesce($2::timestamptz, '-infinity') AND time < coalesce($3::timestamptz, 'infinity') "
          "ORDER BY statement_log.time {}, id {}",
          columns, order == Order::newest_first ? "DESC" : "ASC",
          order == Order::newest_first ? "DESC" : "ASC"),
      {array_literal(shapes), given(filter.since), given(filter.until)}, [&](const Row& row) {
        const Entry entry = entry_from(row);
        if (filter.subject && !(entry.outcome && is_about(*entry.outcome, *filter.subject))) return true;
        return sink(entry) && (most == 0 || ++sent < most);
      });
}

bool DatabaseSource::show(std::uint64_t id, std::optional<Entry>& entry) {
  return stream(fmt::format("SELECT {} FROM pgconsent_audit.show($1)", columns), {std::to_string(id)},
                [&](const Row& row) {
                  entry = entry_from(row);
                  return true;
                });
}

bool DatabaseSource::totals(const Filter& filter, bool with_subjects, std::vector<Total>& totals) {
  std::vector<int> ids;
  const bool done = stream(
      "SELECT s.shape, s.database, s.role, s.application, s.purpose, s.purpose_source, s.decision, s.reason, "
      "s.rules, "
      "s.basis, s.tables, s.columns, s.fingerprint, s.statement, s.rules_version, t.statements, t.rows, "
      "t.cells_masked, "
      "t.failed, (SELECT to_char(min(f.first_time), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM "
      "pgconsent_audit.statement_shapes f WHERE f.fingerprint = s.fingerprint) "
      "FROM pgconsent_audit.totals(coalesce($1, '0001-01-01T00:00:00Z')::timestamptz, coalesce($2, "
      "'9999-12-31T00:00:00Z')::timestamptz) t JOIN pgconsent_audit.statement_shapes s USING (shape)",
      {given(filter.since), given(filter.until)}, [&](const Row& row) {
        Shape shape = shape_from(row, 1);
        if (!matches(shape, filter)) return true;
        Total& total = totals.emplace_back();
        total.shape = std::move(shape);
        total.records = number(row[15]);
        total.rows = number(row[16]);
        total.cells_masked = number(row[17]);
        total.failed = number(row[18]);
        total.fingerprint_since = text(row[19]);
        ids.push_back(static_cast<int>(number(row[0])));
        return true;
      });
  if (!done || !with_subjects) return done;
  std::map<int, Total*> by_shape;
  for (std::size_t i = 0; i < ids.size(); ++i) by_shape[ids[i]] = &totals[i];
  return add_subjects(filter, by_shape);
}

bool DatabaseSource::add_subjects(const Filter& filter, const std::map<int, Total*>& by_shape) {
  std::vector<std::string> shapes;
  for (const auto& [id, total] : by_shape) shapes.push_back(std::to_string(id));
  return stream(
      "SELECT shape, subject_kinds, subject_sets, subjects_unknown FROM pgconsent_audit.statement_log WHERE "
      "shape = ANY "
      "($1::integer[]) AND time >= coalesce($2::timestamptz, '-infinity') AND time < "
      "coalesce($3::timestamptz, "
      "'infinity') AND outcome_id IS NOT NULL",
      {array_literal(shapes), given(filter.since), given(filter.until)}, [&](const Row& row) {
        Total& total = *by_shape.at(static_cast<int>(number(row[0])));
        total.subjects_recorded += row[1] || row[3] ? 1 : 0;
        for (const Outcome::Subjects& each : subjects(row[1], row[2])) {
          if (!each.numbers.empty()) total.subjects[each.kind].add(each.numbers);
        }
        for (std::string& kind : list(row[3])) total.subjects_unknown.insert(std::move(kind));
        return true;
      });
}

std::vector<std::string> DatabaseSource::gaps() {
  std::vector<std::string> out;
  stream("SELECT first_id, last_id, reason FROM pgconsent_audit.gaps ORDER BY first_id", {},
         [&](const Row& row) {
           out.push_back(fmt::format("lines {} to {}: {}", text(row[0]), text(row[1]), text(row[2])));
           return true;
         });
  return out;
}

}  // namespace

std::unique_ptr<Source> open_database(Connection& connection) {
  return std::make_unique<DatabaseSource>(connection);
}

}  // namespace pgconsent::audit_database
