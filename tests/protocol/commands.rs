//! What clients send.

/// One example of every command, as a client would write it.
pub(crate) fn examples() -> Vec<&'static str> {
    vec![
        r#"{"type":"init_connection","token":"eyJ…","lastSeq":41,"topics":"otomo,calls","device":"phone"}"#,
        r#"{"type":"heartbeat","requestId":"7"}"#,
        r#"{"type":"token_refresh","token":"eyJ…"}"#,
        r#"{"type":"otomo_status_set","status":"break","until":1706608700}"#,
        r#"{"type":"call_request","toUserId":"otomo-123","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"}"#,
        r#"{"type":"call_ringing","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"}"#,
        r#"{"type":"call_accept","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"}"#,
        r#"{"type":"call_reject","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc","reason":"manual_decline"}"#,
        r#"{"type":"call_cancel","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"}"#,
        r#"{"type":"webrtc_offer","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc","offer":{"type":"offer","sdp":"v=0…"}}"#,
        r#"{"type":"webrtc_answer","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc","answer":{"type":"answer","sdp":"v=0…"}}"#,
        r#"{"type":"ice_candidate","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc","candidate":{"candidate":"candidate:1 1 udp …","sdpMid":"0","sdpMLineIndex":0}}"#,
        r#"{"type":"ice_candidate","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc","candidate":null}"#,
        r#"{"type":"call_connected","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"}"#,
        r#"{"type":"call_end_request","callId":"d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"}"#,
        r#"{"type":"message_send","conversationId":"0190c1a0-0000-7000-8000-00000000c001","clientMessageId":"m-1","body":"こんにちは","data":{"mood":"happy"}}"#,
        r#"{"type":"message_send","toUserId":"otomo-123","clientMessageId":"m-1","body":"こんにちは"}"#,
        r#"{"type":"message-read","conversationId":"0190c1a0-0000-7000-8000-00000000c001","messageSeq":12}"#,
        r#"{"type":"typing-start","conversationId":"0190c1a0-0000-7000-8000-00000000c001"}"#,
        r#"{"type":"join_game","game_session_id":"7"}"#,
        r#"{"type":"leave_game","game_session_id":"7"}"#,
        r#"{"type":"game_action","game_session_id":"7","action":"look","at":"door"}"#,
        r#"{"type":"chat_message","game_session_id":"7","message":"よろしく"}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"room_join","room":"lobby"}"#,
        r#"{"type":"room_leave","room":"lobby"}"#,
        r#"{"type":"typing-stop","conversationId":"0190c1a0-0000-7000-8000-00000000c001"}"#,
    ]
}
