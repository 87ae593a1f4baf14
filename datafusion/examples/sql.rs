//! Fits a model to the bundled packages, and then asks in SQL for codes, IDs, neighbours and collisions.
//!
//! cargo run --manifest-path datafusion/Cargo.toml --example sql

mod fit;

use datafusion::prelude::{ParquetReadOptions, SessionContext};
use fit::fit;
use semid::Device;
use semid_datafusion::Functions;
use std::error::Error;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/data/top-packages.parquet");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let context = SessionContext::new();
    context.register_parquet("packages", DATA, ParquetReadOptions::default()).await?;

    // The functions need a model. It is fitted here; `semid fit` writes one to a file, whose path would do as a name.
    let model = fit(&context).await?;
    println!("model {}", &model.fingerprint()[..8]);
    Functions::new(Device::cpu()).with_model("packages", model)?.register(&context);

    println!("Codes and IDs:");
    let coded =
        "CREATE VIEW coded AS SELECT name, embedding, semid_encode(embedding, 'packages') AS codes FROM packages";
    context.sql(coded).await?;
    context.sql("SELECT name, codes, semid_id(codes) AS id FROM coded LIMIT 5").await?.show().await?;

    println!("The packages whose codes are nearest to the embedding of numpy:");
    let nearest = "SELECT name, semid_id(codes) AS id, round(semid_distance(wanted, codes, 'packages'), 3) AS distance \
                   FROM coded CROSS JOIN (SELECT embedding AS wanted FROM packages WHERE name = 'numpy') \
                   ORDER BY distance, name LIMIT 5";
    context.sql(nearest).await?.show().await?;

    println!("How the codes collide, and how the levels are used:");
    let stats = "WITH all_of_them AS (SELECT semid_stats(codes) AS stats FROM coded) \
                 SELECT stats['rows'], stats['distinct_ids'], stats['max_bucket'], round(stats['gini'], 3) AS gini, \
                 stats['levels'][1]['used_codes'] AS first_codes, stats['levels'][2]['prefixes'] AS first_two \
                 FROM all_of_them";
    context.sql(stats).await?.show().await?;
    Ok(())
}
