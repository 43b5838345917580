//! `shoal store verify`: whether the sizes of segments are the numbers of their members.
//!
//! They are counted in the transaction that moves the members, so that nothing Shoal does parts them;
//! a restored half or a statement typed by hand does. What a recount is, is in the crate `store`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use store::{Store, StoreOptions, WrongSize};

use crate::cli::Verdict;
use crate::installation::DataDirectory;
use crate::terminal;

/// Look after the store: definitions, users, memberships
#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Subcommand, Debug)]
enum StoreCommand {
    /// Count the members of every segment anew and compare with the sizes that look-ups tell
    Verify {
        #[command(flatten)]
        place: StorePlace,
        /// Set the sizes right that are wrong
        #[arg(long)]
        repair: bool,
    },
}

/// Which store a command is about.
#[derive(Args, Debug)]
pub(crate) struct StorePlace {
    /// The data directory of `shoal up`
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
    /// The store on a server, as postgres://user:password@host/database?sslmode=verify-full, instead of the directory's
    #[arg(long, value_name = "URL", default_value = "", env = "STORE_URL", hide_env_values = true)]
    store_url: String,
}

impl StorePlace {
    /// Returns what to open; a directory that is absent is made only `to_make` the store in it.
    pub(crate) fn options(&self, to_make: bool) -> anyhow::Result<StoreOptions> {
        let config = config_api::Config::defaults().context("reading the default configuration")?;
        let mut options = StoreOptions { url: self.store_url.clone(), ..config.store_options() };
        if options.url.is_empty() {
            options.file = self.file(to_make)?;
        }
        Ok(options)
    }

    fn file(&self, to_make: bool) -> anyhow::Result<PathBuf> {
        if !to_make {
            anyhow::ensure!(self.data.is_dir(), "there is no data directory {}", self.data.display());
        }
        let file = DataDirectory::create(&self.data)?.store();
        anyhow::ensure!(to_make || file.is_file(), "there is no store in {}", self.data.display());
        Ok(file)
    }
}

pub(crate) async fn run(args: StoreArgs) -> anyhow::Result<Verdict> {
    let StoreCommand::Verify { place, repair } = args.command;
    let options = place.options(false)?;
    let store = store::open(&options).await.with_context(|| format!("opening {}", options.place()))?;
    if repair { repair_sizes(store.as_ref()).await } else { verify_sizes(store.as_ref()).await }
}

async fn verify_sizes(store: &dyn Store) -> anyhow::Result<Verdict> {
    let wrong = store.wrong_sizes().await.context("counting members")?;
    tell(&wrong, "but it has");
    if wrong.is_empty() {
        return Ok(Verdict::Success);
    }
    terminal::complain(format_args!("`shoal store verify --repair` sets them right"));
    Ok(Verdict::Failure)
}

async fn repair_sizes(store: &dyn Store) -> anyhow::Result<Verdict> {
    tell(&store.repair_sizes().await.context("setting sizes right")?, "set to");
    Ok(Verdict::Success)
}

fn tell(wrong: &[WrongSize], verdict: &str) {
    for size in wrong {
        terminal::say(format_args!(
            "segment {}: told {} members, {verdict} {}",
            size.segment_id, size.stored, size.members
        ));
    }
    terminal::say(format_args!("{} wrong sizes", wrong.len()));
}
