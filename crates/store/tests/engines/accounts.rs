//! An account that is erased: block by block, and not taken back.

use leadlatch_store::{Connection, Error, accounts};
use serde_json::json;

use crate::common::{ALL, both};

/// Does something with the account as the operator.
macro_rules! operate {
    ($world:expr, $function:ident $(, $more:expr)?) => {{
        let by = $world.opened.operator.clone();
        let job = async move |db: &mut Connection<'_>| accounts::$function(db, &by, "acme" $(, $more)?).await;
        $world.opened.store.operate(&$world.opened.operator, job).await
    }};
}

#[tokio::test]
async fn an_account_that_is_being_erased_does_not_go_on() {
    for world in both().await {
        let acme = world.account("acme").await;
        let key = world.key(acme, None, ALL).await;
        world.made(key, json!({"email": "ann@example.com"})).await;
        for early in [operate!(world, erase_some, 0).map(drop), operate!(world, delete).map(drop)] {
            assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");
        }
        assert!(operate!(world, begin_erasure).expect("it begins").suspended);
        let block = operate!(world, erase_some, 0).expect("a block");
        assert_eq!((block.rows, block.next), (1, Some(1)), "the lead goes first");
        // The command was cut off here, and somebody thinks better of it.
        let back = operate!(world, suspend, false).expect_err("some of it is gone");
        assert!(back.to_string().contains("account delete --account acme"), "{back}");
        assert!(matches!(operate!(world, find), Err(Error::Conflict(_))), "no command finds it");
        assert!(world.create(key, json!({"email": "ann@example.com"})).await.is_err());

        assert!(operate!(world, begin_erasure).expect("it goes on").erasing);
        let mut next = Some(0);
        while let Some(part) = next {
            next = operate!(world, erase_some, part).expect("a block").next;
        }
        operate!(world, delete).expect("it ends");
        assert!(matches!(operate!(world, find), Err(Error::NoSuch { .. })));
    }
}
