// A small shop's catalog and rules, built by hand: for tests that need no server.
#pragma once

#include <filesystem>

#include "parser/catalog/snapshot.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::test_support {

// users, vip_users (a child), orders, payments, messages, user_consents, products, other.users; views
// user_mails, rich, barrier; materialized view user_copy; functions public.reads_users(bigint),
// public.tax(numeric).
parser::SnapshotPtr shop_catalog();
// Their rules, for the roles crm (support, marketing), shop (marketing), dba (exempt).
extern const char* const shop_rules;

enforce::GenerationPtr shop_generation();
enforce::GenerationPtr shop_generation(const std::filesystem::path& rules);
enforce::SessionState shop_session(std::string role);

}  // namespace pgconsent::test_support
