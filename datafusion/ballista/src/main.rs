//! Asks a cluster of Ballista for codes, IDs and collisions of the bundled packages.
//!
//! Without arguments the cluster is in this process. With processes of its own, all on this machine:
//!
//! semid-ballista scheduler 50050
//! semid-ballista executor 50050 50051 50052 FOLDER      (scheduler, own ports, a folder for parts of results)
//! semid-ballista client 50050

#[path = "../../examples/fit/mod.rs"]
mod fit;

use datafusion::prelude::{ParquetReadOptions, SessionContext};
use fit::fit;
use semid_ballista::{client, execute, schedule, standalone};
use std::error::Error;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cli/data/top-packages.parquet");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => ask(standalone().await?).await,
        ["client", port] => ask(client(&format!("df://localhost:{port}")).await?).await,
        ["scheduler", port] => Ok(schedule(port.parse()?).await?),
        ["executor", scheduler, port, grpc_port, folder] => {
            Ok(execute(scheduler.parse()?, port.parse()?, grpc_port.parse()?, folder.to_owned()).await?)
        }
        _ => Err("nothing, client PORT, scheduler PORT, or executor SCHEDULER PORT GRPC_PORT FOLDER".into()),
    }
}

/// Fits a model here, to embeddings that the cluster sends, and has the cluster encode with its file.
async fn ask(context: SessionContext) -> Result<(), Box<dyn Error>> {
    context.register_parquet("packages", DATA, ParquetReadOptions::default()).await?;
    let model = fit(&context).await?;
    println!("model {}", &model.fingerprint()[..8]);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    model.save(&path)?;
    let coded = format!("(SELECT name, semid_encode(embedding, '{}') AS codes FROM packages)", path.display());

    println!("Codes and IDs:");
    let ids = format!("SELECT name, codes, semid_id(codes) AS id FROM {coded} ORDER BY name LIMIT 5");
    context.sql(&ids).await?.show().await?;

    println!("How the codes collide:");
    let stats = format!(
        "SELECT stats['rows'], stats['distinct_ids'], stats['max_bucket'], round(stats['gini'], 3) AS gini \
         FROM (SELECT semid_stats(codes) AS stats FROM {coded})"
    );
    context.sql(&stats).await?.show().await?;
    Ok(())
}
