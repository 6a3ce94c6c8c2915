#include "proxy/admin/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

namespace pgconsent::admin {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Page {
 public:
  MetricFamily& family(MetricType type, const char* name, const char* help) {
    MetricFamily& added = families_.emplace_back();
    added.name = std::string("pgconsent_") + name;
    added.help = help;
    added.type = type;
    return added;
  }

  static void add(MetricFamily& family, Labels labels, double value) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
  }

  void counter(const char* name, const char* help, std::uint64_t value) {
    add(family(MetricType::Counter, name, help), {}, static_cast<double>(value));
  }
  void gauge(const char* name, const char* help, double value) {
    add(family(MetricType::Gauge, name, help), {}, value);
  }
  void counters(const char* name, const char* help, const char* label,
                const std::vector<std::pair<std::string, std::uint64_t>>& values) {
    MetricFamily& added = family(MetricType::Counter, name, help);
    for (const auto& [key, value] : values) add(added, {{label, key}}, static_cast<double>(value));
  }

  void histogram(const char* name, const char* help, const Times& times) {
    ClientMetric& metric = family(MetricType::Histogram, name, help).metric.emplace_back();
    metric.histogram.sample_count = times.count;
    metric.histogram.sample_sum = times.sum;
    for (const auto& [bound, count] : times.at_most) metric.histogram.bucket.push_back({count, bound});
    metric.histogram.bucket.push_back({times.count, std::numeric_limits<double>::infinity()});
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::vector<MetricFamily> families_;
};

void add_databases(Page& page, const std::vector<DatabaseNumbers>& databases) {
  if (databases.empty()) return;
  MetricFamily& in_force =
      page.family(MetricType::Gauge, "database_rules_in_force",
                  "1: its rules are enforced; 0: they do not fit, everything is refused");
  for (const auto& each : databases)
    Page::add(in_force, {{"database", each.name}, {"rules", each.rules}}, each.in_force ? 1 : 0);
  MetricFamily& version =
      page.family(MetricType::Gauge, "catalog_version", "Number of the catalog snapshot in force");
  for (const auto& each : databases)
    Page::add(version, {{"database", each.name}}, static_cast<double>(each.catalog_version));
  MetricFamily& age = page.family(MetricType::Gauge, "catalog_age_seconds",
                                  "Time since the catalog in force was known to be the server's");
  for (const auto& each : databases) {
    if (each.catalog_age) Page::add(age, {{"database", each.name}}, *each.catalog_age);
  }
}

void add_shipping(Page& page, const ShipNumbers& numbers) {
  page.gauge("audit_ship_working", "0: the last attempt to ship to the audit database failed",
             numbers.working ? 1 : 0);
  page.counter("audit_shipped_lines_total", "Lines of the audit log shipped to the audit database",
               numbers.lines);
  page.counter("audit_ship_failures_total", "Attempts to ship that failed", numbers.failures);
  page.gauge("audit_ship_lag_seconds", "Time since all of the log was in the audit database", numbers.lag);
}

}  // namespace

std::string to_metrics(const Numbers& numbers) {
  Page page;
  page.counter("connections_accepted_total", "Client connections accepted", numbers.connections_accepted);
  page.counter("connections_refused_total", "Client connections closed at once: too many not authenticated",
               numbers.connections_refused);
  page.gauge("connections", "Client connections that are open", static_cast<double>(numbers.connections));
  page.gauge("connections_pending", "Client connections that are not authenticated yet",
             static_cast<double>(numbers.connections_pending));
  page.counter("sessions_total", "Sessions authenticated", numbers.sessions);
  page.counters("statements_total", "Statements sent to the server or refused", "decision",
                numbers.statements);
  page.counters("refusals_total", "Statements refused", "reason", numbers.refusals);
  page.counter("cells_masked_total", "Result cells that showed a mask, where that is known",
               numbers.cells_masked);
  page.counters("plans_total", "Texts decided, by where the plan came from", "source", numbers.plans);
  page.histogram("analysis_seconds", "Time to decide about a text, from the cache or not", numbers.analysis);
  MetricFamily& received =
      page.family(MetricType::Counter, "received_bytes_total", "Bytes received, after decryption");
  Page::add(received, {{"from", "client"}}, static_cast<double>(numbers.from_client));
  Page::add(received, {{"from", "server"}}, static_cast<double>(numbers.from_server));
  MetricFamily& sent = page.family(MetricType::Counter, "sent_bytes_total", "Bytes sent, before encryption");
  Page::add(sent, {{"to", "client"}}, static_cast<double>(numbers.to_client));
  Page::add(sent, {{"to", "server"}}, static_cast<double>(numbers.to_server));
  page.gauge("audit_writable", "0: the audit log can't be written, protected statements are refused",
             numbers.audit.writable ? 1 : 0);
  page.counter("audit_records_total", "Audit records made", numbers.audit.records);
  page.counter("audit_records_lost_total", "Records of refusals that were only counted", numbers.audit.lost);
  page.gauge("audit_pending_records", "Audit records that are not in the file yet",
             static_cast<double>(numbers.audit.pending_records));
  page.gauge("audit_pending_bytes", "Their size", static_cast<double>(numbers.audit.pending_bytes));
  page.gauge("audit_lag_seconds", "How long the oldest of them has waited", numbers.audit.lag);
  if (numbers.audit.shipping) add_shipping(page, *numbers.audit.shipping);
  page.gauge("audit_subjects", "Data subjects with a number in the subject directory",
             static_cast<double>(numbers.audit.subjects));
  add_databases(page, numbers.databases);
  if (numbers.consent_index_age) {
    page.gauge("consent_index_age_seconds", "Age of the consents that the index decides by",
               *numbers.consent_index_age);
  }
  return page.text();
}

}  // namespace pgconsent::admin
