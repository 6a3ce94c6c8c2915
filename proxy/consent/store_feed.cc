#include "proxy/consent/store_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "proxy/consent/binary_values.h"
#include "proxy/consent/pg_connection.h"
#include "proxy/consent/store_rows.h"

namespace pgconsent::consent {

namespace {

using Format = PgConnection::Format;

// Nothing that a role or database sets by default may decide what is read.
constexpr std::string_view session_settings =
    "-c search_path= -c DateStyle=ISO,MDY -c TimeZone=UTC -c standard_conforming_strings=on -c "
    "lock_timeout=1s "
    "-c default_transaction_isolation=read\\\\ committed -c extra_float_digits=3 -c "
    "client_min_messages=warning";

std::string quote(std::string_view text, char mark) {
  std::string out(1, mark);
  for (char c : text) {
    if (c == mark) out += c;
    out += c;
  }
  return out + mark;
}

std::int64_t number(const std::optional<std::string_view>& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// Of one change: tells it from another one that has the same number.
constexpr std::string_view fingerprint =
    "(c.xid::text::bigint # pg_catalog.hashtextextended(c.changed_at::text, 0))";
constexpr std::string_view clock_column =
    "(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint";

constexpr std::array<std::string_view, 4> flags{"given", "limited", "withdrawn", "objected"};

bool fits(KeyType key, std::string_view type) {
  switch (key) {
    case KeyType::integer:
      return type == "int2" || type == "int4" || type == "int8";
    case KeyType::uuid:
      return type == "uuid";
    case KeyType::text:
      return type == "text" || type == "varchar";
  }
  return false;
}

class StoreFeed final : public ConsentFeed {
 public:
  StoreFeed(const StoreFeedSettings& settings, std::unique_ptr<PgConnection> connection)
      : settings_(settings), connection_(std::move(connection)) {}

  // Which columns there are; LISTEN before the first read, so that nothing is missed between.
  std::string prepare() {
    std::string error;
    for (const auto& kind : settings_.kinds) {
      if (!find_table(kind, error)) return error;
    }
    connection_->execute("LISTEN pgconsent_consent", error);
    return error;
  }

  std::string snapshot(SnapshotSink& sink) override {
    std::string error;
    if (!connection_->execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error)) return error;
    Mark mark;
    Time time = 0;
    const std::string sql = fmt::format(
        "SELECT k.last, {}, {} FROM pgconsent.change_counter k LEFT JOIN pgconsent.change c ON c.seq = "
        "k.last",
        clock_column, fingerprint);
    auto begin = [&](const Fields& fields) {
      mark = {number(fields[0]), static_cast<std::uint64_t>(number(fields[2]))};
      time = number(fields[1]);
      return true;
    };
    if (!connection_->query(sql, Format::text, begin, error)) return error;
    if (time == 0) return "the store has no change counter";
    sink.begin(mark, time);
    for (const StoreTable& table : tables_) {
      if (!copy(table, sink, error)) return error;
    }
    connection_->execute("COMMIT", error);
    return error;
  }

  Batch read(const Mark& after, std::size_t limit) override {
    Batch batch;
    std::int64_t events = 0, first_event = never, last_event = 0;
    read_steps(after, limit, batch, [&](std::int64_t first, std::int64_t last, std::int64_t count) {
      events += count;
      first_event = std::min(first_event, first);
      last_event = std::max(last_event, last);
    });
    if (!batch.error.empty() || !batch.lost.empty() || batch.changes.empty()) return batch;
    if (events > settings_.most_events) {
      batch.lost = fmt::format("{} events at once", events);
      return batch;
    }
    const std::int64_t last = batch.changes.back().mark.sequence;
    std::map<std::int64_t, std::vector<Record>> by_sequence;
    for (const StoreTable& table : tables_) {
      const std::string sql = subjects_query(table, after.sequence, last, first_event, last_event);
      if (!read_subjects(table, sql, by_sequence, batch.error)) return batch;
    }
    batch.changes = merge(batch.changes, by_sequence);
    return batch;
  }

  std::string wait(std::chrono::microseconds timeout) override {
    std::string error;
    connection_->wait(timeout, error);
    return error;
  }

  void interrupt() override { connection_->interrupt(); }

 private:
  bool find_table(const StoreFeedSettings::Kind& kind, std::string& error) {
    StoreTable table;
    table.kind = kind.number;
    table.key = kind.key;
    table.name = kind.name;
    std::map<std::string, std::vector<std::string>> words;
    std::string type;
    bool is_deterministic = true;
    const std::string sql = fmt::format(
        "SELECT a.attname, t.typname, l.collisdeterministic IS NOT FALSE FROM pg_catalog.pg_attribute a "
        "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typnamespace = "
        "'pg_catalog'::pg_catalog.regnamespace "
        "LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation "
        "WHERE a.attrelid = pg_catalog.to_regclass({}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY "
        "a.attnum",
        quote("pgconsent." + quote(kind.name + "_consent", '"'), '\''));
    auto column = [&](const Fields& fields) {
      std::string name(*fields[0]);
      if (name == "subject") {
        type = *fields[1];
        is_deterministic = *fields[2] == "t";
      } else if (*fields[1] == "int8") {
        words[name.substr(0, name.find_first_of("_0123456789"))].push_back(std::move(name));
      }
      return true;
    };
    if (!connection_->query(sql, Format::text, column, error)) return false;
    if (type.empty())
      error = fmt::format("the store holds no subjects of kind `{}`", kind.name);
    else if (!fits(kind.key, type) || !is_deterministic)
      error = fmt::format("keys of kind `{}` ({}) are not of a type that can be indexed", kind.name, type);
    if (!error.empty()) return false;
    table.columns = "c.subject, c.restricted, c.since, c.until";
    table.words = words["given"].size();
    for (std::string_view flag : flags) {
      const auto& names = words[std::string(flag)];
      if (names.empty() || names.size() != table.words) {
        error = fmt::format("the store's table of kind `{}` has another shape", kind.name);
        return false;
      }
      for (const std::string& name : names) table.columns += ", c." + quote(name, '"');
    }
    tables_.push_back(std::move(table));
    return true;
  }

  static std::string relation(const StoreTable& table) {
    return "pgconsent." + quote(table.name + "_consent", '"');
  }

  bool copy(const StoreTable& table, SnapshotSink& sink, std::string& error) {
    constexpr std::size_t batch_size = 4096;
    std::vector<Record> records;
    StoreRow row;
    bool is_good = true;
    auto emit = [&](const Fields& fields) {
      is_good = row.read(table, settings_.secret, fields);
      if (is_good && row.is_restricted()) records.push_back(row.restriction());
      is_good =
          is_good && row.each_set([&](std::size_t pair) { return row.record(pair, records.emplace_back()); });
      if (!is_good) return false;
      if (records.size() < batch_size) return true;
      const bool wanted = sink.rows(records);
      records.clear();
      return wanted;
    };
    const std::string sql =
        fmt::format("COPY (SELECT {} FROM {} c) TO STDOUT (FORMAT binary)", table.columns, relation(table));
    if (!connection_->copy_binary(sql, emit, error)) {
      if (!is_good) error = fmt::format("a row of kind `{}` is not what it should be", table.name);
      return false;
    }
    sink.rows(records);
    return true;
  }

  // The steps after `after` as changes of nothing, and the step `after` itself, to see that it is the same
  // one.
  template <class Events>
  void read_steps(const Mark& after, std::size_t limit, Batch& batch, Events events) {
    bool found =
        after.fingerprint == 0;  // the snapshot found no such step either: none so far, or cleared away
    std::string sql = fmt::format(
        "SELECT NULL, k.last, {}, NULL, NULL, NULL FROM pgconsent.change_counter k; "
        "SELECT c.seq, {}, c.first_event, c.last_event, c.events, NULL FROM pgconsent.change c WHERE c.seq "
        ">= {} "
        "ORDER BY c.seq LIMIT {}",
        clock_column, fingerprint, after.sequence, limit + 2);
    auto step = [&](const Fields& fields) {
      if (!fields[0]) {
        batch.head = number(fields[1]);
        batch.server_time = number(fields[2]);
        return true;
      }
      const Mark mark{number(fields[0]), static_cast<std::uint64_t>(number(fields[1]))};
      if (mark.sequence == after.sequence) {
        found = mark == after;
        return true;
      }
      batch.more = batch.changes.size() == limit;
      if (batch.more) return true;
      Change change;
      change.mark = mark;
      change.kind = Change::Kind::nothing;
      batch.changes.push_back(change);
      events(number(fields[2]), number(fields[3]), number(fields[4]));
      return true;
    };
    if (!connection_->query(sql, Format::text, step, batch.error)) return;
    if (!found) batch.lost = fmt::format("change {} is gone or another one", after.sequence);
    if (batch.server_time == 0) batch.error = "the store has no change counter";
  }

  // What changed: subject by subject, with the first of the steps and the pairs concerned.
  static std::string subjects_query(const StoreTable& table, std::int64_t after, std::int64_t last,
                                    std::int64_t first_event, std::int64_t last_event) {
    return fmt::format(
        "SELECT s.seq, s.pairs, {} FROM (SELECT e.subject, pg_catalog.min(h.seq) AS seq, "
        "pg_catalog.array_agg(DISTINCT p.number) AS pairs FROM pgconsent.consent_event e "
        "JOIN pgconsent.change h ON h.xid = e.xid LEFT JOIN pgconsent.pair p ON p.purpose = e.purpose "
        "WHERE e.subject_kind = {} AND e.id BETWEEN {} AND {} AND h.seq BETWEEN {} AND {} GROUP BY "
        "e.subject) s "
        "JOIN {} c ON c.subject = s.subject::{}",
        table.columns, quote(table.name, '\''), first_event, last_event, after + 1, last, relation(table),
        table.key == KeyType::integer ? "bigint"
        : table.key == KeyType::uuid  ? "uuid"
                                      : "text");
  }

  bool read_subjects(const StoreTable& table, const std::string& sql,
                     std::map<std::int64_t, std::vector<Record>>& out, std::string& error) {
    StoreRow row;
    bool is_good = true;
    auto subject = [&](const Fields& fields) {
      std::optional<std::int64_t> sequence;
      if (fields[0]) sequence = binary_int64(*fields[0]);
      is_good = sequence && fields[1] && row.read(table, settings_.secret, std::span(fields).subspan(2));
      if (!is_good) return false;
      std::vector<Record>& records = out[*sequence];
      records.push_back(row.restriction());
      is_good = read_array(*fields[1],
                           [&](std::int64_t, std::optional<std::string_view> value) {
                             if (!value) return;
                             BinaryCursor cursor(*value);
                             const auto pair = static_cast<std::size_t>(cursor.int16());
                             is_good = is_good && row.record(pair, records.emplace_back());
                           }) &&
                is_good;
      return is_good;
    };
    if (!connection_->query(sql, Format::binary, subject, error)) return false;
    if (!is_good) error = fmt::format("a row of kind `{}` is not what it should be", table.name);
    return is_good;
  }

  static std::vector<Change> merge(const std::vector<Change>& steps,
                                   const std::map<std::int64_t, std::vector<Record>>& records) {
    std::vector<Change> changes;
    for (const Change& step : steps) {
      auto found = records.find(step.mark.sequence);
      if (found == records.end()) {
        changes.push_back(step);
        continue;
      }
      for (const Record& record : found->second) changes.push_back({step.mark, Change::Kind::put, record});
    }
    return changes;
  }

  const StoreFeedSettings settings_;
  const std::unique_ptr<PgConnection> connection_;
  std::vector<StoreTable> tables_;
};

}  // namespace

std::unique_ptr<ConsentFeed> connect_store_feed(const StoreFeedSettings& settings, std::string& error) {
  std::string conninfo =
      settings.conninfo() +
      fmt::format(
          " application_name='pgconsent consent' client_encoding=UTF8 options='{}' connect_timeout=5 "
          "keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=20000",
          session_settings);
  std::unique_ptr<PgConnection> connection = PgConnection::open(conninfo, error);
  if (!connection) return nullptr;
  auto feed = std::make_unique<StoreFeed>(settings, std::move(connection));
  error = feed->prepare();
  if (!error.empty()) return nullptr;
  return feed;
}

}  // namespace pgconsent::consent
