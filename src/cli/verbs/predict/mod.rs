//! `mlctl predict`: predictions of a model that serves.

mod answers;
mod args;
mod input;
mod load;
mod target;

use crate::cli::{CliError, Context};
use crate::work::predict::{Input, PredictionError, image_rows};

pub use args::{HowArgs, LoadArgs, PixelsArg, PredictArgs, ProtocolArg, WhatArgs};

use input::Given;
use target::Target;

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &PredictArgs) -> Result<u8, CliError> {
    let given = input::read(context, &args.what, args.how.raw)?;
    let target = Target::find(context, args)?;
    asked(context, &target, given, args).map_err(|error| target.explained(error))
}

fn asked(
    context: &Context,
    target: &Target,
    given: Given,
    args: &PredictArgs,
) -> Result<u8, CliError> {
    let caller = target.connect(context)?;
    if let Given::Raw(body) = given {
        return answers::raw(context, &caller, body, args);
    }
    let found = async {
        let input = match given {
            Given::Images(contents) => {
                let range = args.what.pixels.into();
                let protocol = target.plan.protocol;
                Input::Rows(image_rows(&caller, protocol, &contents, range).await?)
            }
            Given::Input(input) => input,
            Given::Raw(body) => Input::of_json(&body)?,
        };
        let signature = target.plan.signature.as_deref();
        input.in_protocol(target.plan.protocol, signature)
    };
    let input = context.handle()?.block_on(found)?;
    if matches!(&input, Input::Rows(rows) if rows.is_empty()) {
        return Err(PredictionError::NoRows(args.what.named()).into());
    }
    match args.load.load {
        Some(duration) => load::run(context, caller, &input, duration.0, args),
        None => answers::run(context, &caller, target, &input, args),
    }
}
