// What a batch writes.
#include <fmt/format.h>
#include <openssl/evp.h>

#include "proxy/audit_database/shipper.h"

namespace pgconsent::audit_database {

namespace {

std::string digest_literal(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  std::string out = "\\x";
  for (unsigned i = 0; i < length; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

}  // namespace

// 0: the database failed, or the text is `malformed`.
int Shipper::shape_id(const std::string& text, const audit::ReadLine& line, bool& malformed) {
  const auto shape = parse_shape(text);
  malformed = !shape;
  if (!shape) return 0;
  const std::string time(line.time);
  Rows rows;
  const bool done = connection_.query(
      "INSERT INTO pgconsent_audit.shape (digest, database, role, application, purpose, purpose_source, "
      "decision, reason, "
      "rules, basis, tables, columns, fingerprint, statement, rules_version, first_time, last_time) VALUES "
      "($1, $2, $3, "
      "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16) ON CONFLICT (digest) DO UPDATE SET "
      "digest = "
      "excluded.digest RETURNING id",
      {digest_literal(text), shape->database, shape->role, shape->application, shape->purpose,
       shape->purpose_source, shape->decision, shape->reason, array_literal(shape->rules),
       array_literal(shape->basis), array_literal(shape->tables), array_literal(shape->columns),
       shape->fingerprint, shape->statement, shape->rules_version, time},
      rows);
  return done ? std::stoi(*rows[0][0]) : 0;
}

bool Shipper::write(const Batch& batch) {
  Rows rows;
  for (const std::string& month : batch.months) {
    if (months_[month]) continue;
    if (!connection_.query("SELECT pgconsent_audit.make_month($1)", {month}, rows)) return database_failed();
    months_[month] = true;
  }
  for (const Batch::Table& table : batch.tables) {
    if (table.rows.empty()) continue;
    if (!connection_.copy(fmt::format("COPY pgconsent_audit.{} FROM STDIN", table.columns), table.rows))
      return database_failed();
  }
  return write_counts(batch) &&
         (connection_.query(
              "UPDATE pgconsent_audit.shipped SET last_id = $1, hash = $2, last_time = $3, shipped_at = "
              "pg_catalog.clock_timestamp()",
              {std::to_string(taken_id_), taken_hash_, taken_time_}, rows) ||
          database_failed());
}

bool Shipper::write_counts(const Batch& batch) {
  std::string ids, counts, first, last;
  const auto add = [](std::string& list, const std::string& value) {
    list.append(list.empty() ? "{" : ",").append(value);
  };
  for (const auto& [shape, use] : batch.shapes) {
    add(ids, std::to_string(shape));
    add(counts, std::to_string(use.records));
    add(first, use.first);
    add(last, use.last);
  }
  Rows rows;
  if (!batch.shapes.empty()) {
    const Values lists{ids + "}", counts + "}", first + "}", last + "}"};
    if (!connection_.query(
            "UPDATE pgconsent_audit.shape s SET records = s.records + u.records, first_time = "
            "least(s.first_time, u.first), last_time = greatest(s.last_time, u.last) FROM "
            "unnest($1::integer[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS u(id, records, "
            "first, last) WHERE s.id = u.id",
            lists, rows) ||
        !connection_.query("SELECT pgconsent_audit.tell($1, $2, $3, $4)", lists, rows))
      return database_failed();
  }
  std::string hours, shapes, statements, returned, cells, failed;
  for (const auto& [key, sum] : batch.activity) {
    add(hours, key.first);
    add(shapes, std::to_string(key.second));
    add(statements, std::to_string(sum.statements));
    add(returned, std::to_string(sum.rows));
    add(cells, std::to_string(sum.cells_masked));
    add(failed, std::to_string(sum.failed));
  }
  return batch.activity.empty() ||
         connection_.query(
             "INSERT INTO pgconsent_audit.activity AS a SELECT * FROM unnest($1::timestamptz[], "
             "$2::integer[], "
             "$3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) ON CONFLICT (hour, shape) DO UPDATE "
             "SET statements = "
             "a.statements + excluded.statements, rows = a.rows + excluded.rows, cells_masked = "
             "a.cells_masked + "
             "excluded.cells_masked, failed = a.failed + excluded.failed",
             {hours + "}", shapes + "}", statements + "}", returned + "}", cells + "}", failed + "}"},
             rows) ||
         database_failed();
}

}  // namespace pgconsent::audit_database
