// Confinement by AppArmor: a profile of text, loaded by apparmor_parser(8) under a name of its own.
//
//   Result<AppArmorProfile> profile = AppArmorProfile::load("/usr/sbin/apparmor_parser", "file,\naudit deny /srv/** w,\n");
//   // in the child: ConfineResult result = profile->apply();
//
// The profile is removed when its owner goes, and also when the owner's process is killed: a keeper waits for that. Loading
// needs CAP_MAC_ADMIN; entering a profile that is loaded needs nothing. Fails where the parser does, in its words, and where
// this kernel has no AppArmor.
#pragma once

#include <string>

#include "base/result.h"
#include "confine/keeper.h"
#include "model/confinement.h"

namespace sandgauge {

class AppArmorProfile : public Confinement {
 public:
  /// `rules` are the lines between the profile's braces (apparmor.d(5)). Networks are mediated only if they speak of any.
  static Result<AppArmorProfile> load(const std::string& parser, const std::string& rules);
  AppArmorProfile(AppArmorProfile&&) noexcept;
  AppArmorProfile& operator=(AppArmorProfile&&) noexcept;
  ~AppArmorProfile() override;

  /// What aa_change_profile(2) does: the profile holds from here on, for this process, its children and what they execute.
  ConfineResult apply() const noexcept override;
  /// Takes it away from under whoever is confined by it.
  void remove();
  [[nodiscard]] bool is_loaded() const { return keeper_.is_there(); }

 private:
  AppArmorProfile() = default;
  std::string name_;
  std::string request_;  // "changeprofile NAME"
  Keeper keeper_;
};

/// Why this kernel cannot confine anybody by AppArmor; empty if it can.
std::string apparmor_obstacle();

}  // namespace sandgauge
