//! What the clients, the scheduler and the executors of a cluster of Ballista are made with, so that all of them know
//! the functions of semid.

use ballista::prelude::{SessionConfigExt, SessionContextExt};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::error::Result;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use semid::Device;
use semid_datafusion::Functions;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Returns a state that knows the functions.
///
/// # Errors
/// What a registry returns that takes no functions.
pub fn state(config: SessionConfig) -> Result<SessionState> {
    let mut state = SessionStateBuilder::new().with_default_features().with_config(config).build();
    Functions::new(Device::cpu()).add_to(&mut state)?;
    Ok(state)
}

/// Starts a whole cluster in this process, and returns a client of it.
///
/// # Errors
/// What Ballista returns.
pub async fn standalone() -> Result<SessionContext> {
    let context = SessionContext::standalone_with_state(state(SessionConfig::new_with_ballista())?).await?;
    // The client drops the functions of the state that it is made with; its scheduler and executor have them.
    semid_datafusion::register(&context);
    Ok(context)
}

/// Returns a client of the scheduler at `url`, such as `df://scheduler:50050`.
///
/// # Errors
/// What Ballista returns.
pub async fn client(url: &str) -> Result<SessionContext> {
    let context = SessionContext::remote(url).await?;
    semid_datafusion::register(&context);
    Ok(context)
}

/// Runs a scheduler until the process ends.
///
/// # Errors
/// What Ballista returns.
pub async fn schedule(port: u16) -> ballista_core::error::Result<()> {
    let config = SchedulerConfig::default().with_port(port).with_override_session_builder(Arc::new(state));
    let cluster = BallistaCluster::new_from_config(&config).await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    start_server(cluster, address, Arc::new(config)).await
}

/// Runs an executor of one core, which leaves parts of results in `folder`, until the process ends.
///
/// # Errors
/// What Ballista returns.
pub async fn execute(scheduler: u16, port: u16, grpc_port: u16, folder: String) -> ballista_core::error::Result<()> {
    let functions = BallistaFunctionRegistry::from(&state(SessionConfig::new_with_ballista())?);
    let config = ExecutorProcessConfig {
        scheduler_port: scheduler,
        port,
        grpc_port,
        vcores: 1,
        work_dir: Some(folder),
        scheduler_connect_timeout_seconds: 60,
        override_function_registry: Some(Arc::new(functions)),
        ..Default::default()
    };
    start_executor_process(Arc::new(config)).await
}
