#include "proxy/consent/store/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/pqxx>

#include "proxy/consent/formats/event_writer.h"
#include "proxy/consent/store/client_impl.h"
#include "proxy/consent/store/statements.h"

namespace pgconsent::consent {

namespace {

std::string first_line(std::string text) {
  constexpr std::string_view prefix = "ERROR:  ";
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  text.resize(std::min(text.size(), text.find('\n')));
  return text;
}

// Fields of pgconsent.consent_event that are exported and shown.
constexpr const char* event_columns =
    "event_type, subject_kind, subject, purpose, category, occurred_at, valid_from, valid_until, "
    "lawful_basis, "
    "controller, pg_catalog.array_to_string(recipients, '|') AS recipients, notice, notice_version, "
    "jurisdiction, "
    "actor, method, evidence";

Event event_of(const pqxx::row& row) {
  Event event;
  for (std::size_t i = 0; i < event_fields.size(); ++i) {
    const pqxx::field field = row[static_cast<int>(i)];
    if (!field.is_null()) event.values[i] = field.c_str();
  }
  return event;
}

}  // namespace

pqxx::connection& StoreClient::Impl::open() {
  if (!connection) {
    connection = std::make_unique<pqxx::connection>(text);
    pqxx::nontransaction(*connection)
        .exec(
            "SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = "
            "'hex'; "
            "SET jit = off");
  }
  return *connection;
}

Outcome StoreClient::Impl::guarded(const std::function<Outcome()>& work) {
  try {
    return work();
  } catch (const pqxx::sql_error& error) {
    // 22023 and 22P02 are what the store's functions say of their input; 3F000, 42P01: there is no store.
    const std::string state = error.sqlstate();
    if (state == "3F000" || state == "42P01" || state == "42883" || state == "42704")
      return {"there is no consent store in this database: run `pgconsent init`", false};
    return {first_line(error.what()), state.starts_with("22")};
  } catch (const std::exception& error) {
    // libpqxx says what it could not do then.
    if (connection && !connection->is_open()) return {"the connection to the database was lost", false};
    return {first_line(error.what()), false};
  }
}

StoreClient::StoreClient(const std::string& connection) : impl_(std::make_unique<Impl>()) {
  impl_->text = connection;
}

StoreClient::~StoreClient() = default;

Outcome StoreClient::record(const Event& event, std::string& record_id) {
  for (std::size_t i = 0; i < event_fields.size(); ++i) {
    if (!event.values[i]) continue;
    if (std::string problem = value_problem(event_fields[i], *event.values[i]); !problem.empty())
      return {problem};
  }
  return impl_->guarded([&]() -> Outcome {
    pqxx::work work(impl_->open());
    std::string row = "1";
    for (std::size_t i = 0; i < event_fields.size(); ++i) {
      const auto& value = event.values[i];
      row += !value ? ", NULL"
             : event_fields[i] == "recipients"
                 ? ", pg_catalog.string_to_array(" + work.quote(*value) + ", '|')"
                 : ", " + work.quote(*value);
    }
    const pqxx::result rows = work.exec("SELECT pgconsent.record(ROW(" + row + ")::pgconsent.event_input)");
    record_id = rows[0][0].c_str();
    work.commit();
    return {};
  });
}

Outcome StoreClient::show(const std::string& kind, const std::string& subject, SubjectState& state) {
  return impl_->guarded([&]() -> Outcome {
    pqxx::read_transaction work(impl_->open());
    const pqxx::result known = work.exec(
        "SELECT subject_table, subject_key, key_type FROM pgconsent.subject_kind "
        "WHERE name = " +
        work.quote(kind));
    if (known.empty()) return {"unknown subject kind \"" + kind + "\""};
    const std::string key = work.quote(subject) + "::" + cast_type(known[0][2].c_str());
    const std::string compiled = "pgconsent." + work.quote_name(kind + "_consent");
    if (work.exec(fmt::format(
                      "SELECT FROM {} s WHERE s.{} = {} UNION ALL SELECT FROM {} c WHERE c.subject = {}",
                      known[0][0].c_str(), known[0][1].c_str(), key, compiled, key))
            .empty())
      return {fmt::format("unknown subject \"{}\" of kind \"{}\"", subject, kind)};
    for (const auto& row :
         work.exec(fmt::format("SELECT purpose, category, consent, since, until, objected, restricted "
                               "FROM pgconsent.{}({})",
                               work.quote_name(kind + "_state"), work.quote(subject)))) {
      state.restricted = row[6].as<bool>();
      if (row[2].is_null() && !row[5].as<bool>()) continue;
      state.entries.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(), row[4].c_str(),
                               row[5].as<bool>()});
    }
    for (const auto& row : work.exec(
             fmt::format("SELECT {}, recorded_at, recorded_by, record_id FROM pgconsent.consent_event WHERE "
                         "subject_kind = {} AND subject = (SELECT c.subject::text FROM {} c WHERE "
                         "c.subject = {}) ORDER BY id",
                         event_columns, work.quote(kind), compiled, key))) {
      auto& event = state.events.emplace_back();
      for (const auto& field : row) {
        if (!field.is_null()) event.emplace_back(field.name(), field.c_str());
      }
    }
    return {};
  });
}

Outcome StoreClient::export_events(const std::string& kind, const ReaderOptions& format, std::ostream& out) {
  return impl_->guarded([&]() -> Outcome {
    pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> work(impl_->open());
    if (!kind.empty() &&
        work.exec("SELECT FROM pgconsent.subject_kind WHERE name = " + work.quote(kind)).empty())
      return {"unknown subject kind \"" + kind + "\""};
    work.exec(fmt::format(
        "DECLARE events NO SCROLL CURSOR FOR SELECT {}, record_id FROM pgconsent.consent_event{} ORDER BY id",
        event_columns, kind.empty() ? "" : " WHERE subject_kind = " + work.quote(kind)));
    EventWriter writer(format, out);
    for (;;) {
      const pqxx::result rows = work.exec("FETCH 10000 FROM events");
      if (rows.empty()) break;
      for (const auto& row : rows)
        writer.write(event_of(row), row[static_cast<int>(event_fields.size())].c_str());
    }
    writer.finish();
    out.flush();
    return out ? Outcome{} : Outcome{"can't write the output", false};
  });
}

}  // namespace pgconsent::consent
