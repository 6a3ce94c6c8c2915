// Batches: COPY into a temporary table, one call of pgconsent.apply, progress, all in one transaction.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include "proxy/consent/store/client_impl.h"
#include "proxy/consent/store/statements.h"

namespace pgconsent::consent {

namespace {

// Other purposes or another vendor make other events of the same strings.
std::string about_tcf(const ReaderOptions& options) {
  std::string about = fmt::format("vendor {}\n", options.tcf_vendor);
  for (const auto& purpose : options.vocabulary.purposes)
    about += fmt::format("{} {} {} {}\n", purpose.name, fmt::join(purpose.tcf, ","), purpose.consent,
                         purpose.interests);
  return about;
}

// Of the file's bytes and what else decides about the events. Empty: can't be read.
std::string digest_of(const ImportOptions& options) {
  std::ifstream in(options.file, std::ios::binary);
  if (!in) return {};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::string about = fmt::format("{}\n{}\n", static_cast<int>(options.read.format), options.kind);
  if (options.read.format == Format::tcf) about += about_tcf(options.read);
  EVP_DigestUpdate(context.get(), about.data(), about.size());
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0)
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest, &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

using Batch = std::vector<EventReader::Record>;
using Reasons = std::vector<std::string>;  // one a record; empty: nothing is against it

class Importer {
 public:
  Importer(pqxx::connection& connection, const ImportOptions& options, std::string digest,
           ImportReport& report)
      : connection_(connection), options_(options), digest_(std::move(digest)), report_(report) {}

  Outcome run() {
    std::ifstream in(options_.file, std::ios::binary);
    auto reader = make_event_reader(options_.read, in);
    if (!reader->problem().empty()) return {options_.file.string() + ": " + reader->problem()};
    std::int64_t done = 0;
    if (std::string finished = begin(done); !finished.empty()) return {std::move(finished)};
    rejects_.open(options_.rejects, done > 0 ? std::ios::app : std::ios::trunc);
    if (!rejects_) return {"can't write " + options_.rejects.string(), false};
    if (done == 0) rejects_ << "line,reason\n";
    Batch batch;
    while (auto record = reader->next()) {
      if (record->place <= done) {
        ++report_.skipped;
        continue;
      }
      batch.push_back(std::move(*record));
      if (batch.size() < options_.batch) continue;
      apply(batch, false);
      batch.clear();
    }
    if (in.bad()) return {"can't read " + options_.file.string(), false};
    apply(batch, true);
    return rejects_ ? Outcome{} : Outcome{"can't write " + options_.rejects.string(), false};
  }

 private:
  // How far an earlier run has come. Not empty: it came to the end.
  std::string begin(std::int64_t& done) {
    pqxx::work work(connection_);
    work.exec("CREATE TEMPORARY TABLE IF NOT EXISTS pgconsent_staging (" + staging_columns() +
              ") ON COMMIT DELETE ROWS");
    work.exec(
        fmt::format("INSERT INTO pgconsent.import (digest, file) VALUES ({}, {}) ON CONFLICT DO NOTHING",
                    work.quote(digest_), work.quote(options_.file.filename().string())));
    if (options_.again)
      work.exec(
          "UPDATE pgconsent.import SET lines = 0, accepted = 0, rejected = 0, started_at = pg_catalog.now(), "
          "finished_at = NULL WHERE finished_at IS NOT NULL AND digest = " +
          work.quote(digest_));
    const pqxx::result rows =
        work.exec("SELECT lines, finished_at, accepted, rejected FROM pgconsent.import WHERE digest = " +
                  work.quote(digest_));
    work.commit();
    done = rows[0][0].as<std::int64_t>();
    if (rows[0][1].is_null()) return {};
    return fmt::format(
        "a file of the same content was imported at {} ({} accepted, {} rejected): --again records it "
        "once more",
        rows[0][1].c_str(), rows[0][2].c_str(), rows[0][3].c_str());
  }

  static std::string staging_columns() {
    std::string columns = "line bigint";
    for (std::string_view field : event_fields) columns.append(", ").append(field).append(" text");
    return columns;
  }

  // The events of records without a reason, each with its number; `records` says whose it is.
  void stage(pqxx::dbtransaction& work, const Batch& batch, const Reasons& reasons,
             std::vector<std::size_t>& records) {
    pqxx::stream_to stream(work, "pgconsent_staging");
    std::array<const char*, event_fields.size() + 1> row;  // null: NULL. No value holds a NUL byte
    for (std::size_t record = 0; record < batch.size(); ++record) {
      if (!reasons[record].empty()) continue;
      for (const Event& event : batch[record].events) {
        const std::string number = std::to_string(records.size());
        records.push_back(record);
        row[0] = number.c_str();
        for (std::size_t i = 0; i < event_fields.size(); ++i)
          row[i + 1] = event.values[i] ? event.values[i]->c_str() : nullptr;
        if (row[1] == nullptr) row[1] = "give";
        if (row[2] == nullptr && !options_.kind.empty()) row[2] = options_.kind.c_str();
        stream << row;
      }
    }
    stream.complete();
  }

  // Applies what has no reason against it yet; true when no record was taken in part. Else nothing is
  // applied, and of each subject only the first such record has its reason: it would have moved what comes
  // after it.
  bool apply_once(pqxx::work& work, const Batch& batch, Reasons& reasons) {
    std::vector<std::size_t> records;
    pqxx::subtransaction step(work);
    stage(step, batch, reasons, records);
    step.exec("ANALYZE pg_temp.pgconsent_staging");
    std::map<std::size_t, std::string> found;
    for (const auto& row : step.exec(apply_sql()))
      found.emplace(records.at(row[0].as<std::size_t>()), row[1].c_str());
    const auto is_part = [&](const auto& each) { return batch[each.first].events.size() > 1; };
    const bool whole = std::none_of(found.begin(), found.end(), is_part);
    if (whole)
      step.commit();
    else
      step.abort();
    std::set<std::string> subjects;
    for (const auto& each : found) {
      if (whole || (is_part(each) && subjects.insert(batch[each.first].events.front().get("subject")).second))
        reasons[each.first] = each.second;
    }
    return whole;
  }

  // Until every record is taken as a whole or not at all. What is left out may change what the rest means.
  void apply_whole(pqxx::work& work, const Batch& batch, Reasons& reasons) {
    constexpr int most_rounds = 8;
    for (int round = 0; round < most_rounds; ++round) {
      if (apply_once(work, batch, reasons)) return;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!reasons[i].empty()) continue;
      const Batch one{batch[i]};
      Reasons reason(1);
      apply_once(work, one, reason);
      reasons[i] = reason[0];
    }
  }

  static std::string apply_sql() {
    std::string values = "s.line";
    for (std::string_view field : event_fields) {
      if (field == "occurred_at" || field == "valid_from" || field == "valid_until") {
        values += fmt::format(", s.{}::timestamptz", field);
      } else if (field == "recipients") {
        values += ", pg_catalog.string_to_array(s.recipients, '|')";
      } else if (field == "actor") {
        values += ", coalesce(s.actor, session_user::text)";
      } else {
        values += fmt::format(", s.{}", field);
      }
    }
    return "SELECT a.line, a.reason FROM pgconsent.apply(ARRAY(SELECT ROW(" + values +
           ")::pgconsent.event_input FROM pg_temp.pgconsent_staging s ORDER BY s.line)) a";
  }

  void apply(const Batch& batch, bool last) {
    pqxx::work work(connection_);
    // Two runs of one file take turns, and the second finds its lines done.
    const pqxx::result now =
        work.exec("SELECT lines FROM pgconsent.import WHERE digest = " + work.quote(digest_) + " FOR UPDATE");
    if (!batch.empty() && now[0][0].as<std::int64_t>() >= batch.front().place)
      throw std::runtime_error("another import of the same file is running");
    Reasons reasons;
    for (const auto& record : batch) reasons.push_back(record.problem);
    apply_whole(work, batch, reasons);
    const auto all = static_cast<std::int64_t>(batch.size()),
               good = static_cast<std::int64_t>(std::count(reasons.begin(), reasons.end(), std::string()));
    const std::string lines = batch.empty() ? "lines" : std::to_string(batch.back().place);
    work.exec(fmt::format(
        "UPDATE pgconsent.import SET lines = {}, accepted = accepted + {}, rejected = rejected + {}{} "
        "WHERE digest = {}",
        lines, good, all - good, last ? ", finished_at = pg_catalog.now()" : "", work.quote(digest_)));
    // Before the commit: told twice after a crash rather than never.
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!reasons[i].empty()) rejects_ << batch[i].line << ',' << csv_field(reasons[i]) << '\n';
    }
    rejects_.flush();
    if (!rejects_) throw std::runtime_error("can't write " + options_.rejects.string());
    work.commit();
    report_.accepted += good;
    report_.rejected += all - good;
  }

  pqxx::connection& connection_;
  const ImportOptions& options_;
  const std::string digest_;
  ImportReport& report_;
  std::ofstream rejects_;
};

}  // namespace

Outcome StoreClient::import(const ImportOptions& options, ImportReport& report) {
  std::string digest = digest_of(options);
  if (digest.empty()) return {"can't read " + options.file.string(), false};
  return impl_->guarded([&] { return Importer(impl_->open(), options, std::move(digest), report).run(); });
}

}  // namespace pgconsent::consent
