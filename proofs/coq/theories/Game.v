(** The model: leader-follower Markov games, and exact tables of one. The follower answers quantally, or,
    where [eta] is [None], infinity, by a best response, which the leader chooses (strong Stackelberg).

    [model] is over the reals; [table] is what a game file holds, rationals; [meaning] leads from the
    one to the other. A policy [pi h s b a] is the probability of leader action [a] at step [h] in state
    [s] after follower action [b]. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia PeanoNat Bool Permutation.
From ExactQSE Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Record model := Model {
  horizon : nat; states : nat; leader : nat; follower : nat;
  rho : nat -> R;                                      (* of the first state *)
  P : nat -> nat -> nat -> nat -> nat -> R;            (* h s a b t *)
  u : nat -> nat -> nat -> nat -> R;                   (* leader's reward, h s a b *)
  r : nat -> nat -> nat -> nat -> R;                   (* follower's reward, h s a b *)
  eta : option R; gamma : R;                           (* None: infinity *)
  observes : list (list nat) }.                        (* partition of the follower's actions *)

Definition policy := nat -> nat -> nat -> nat -> R.    (* h s b a *)

(** The quantal response to action values [q], and its soft value. *)
Definition response (e : R) (l : list nat) (q : nat -> R) (b : nat) : R :=
  exp (e * q b) / rsum (fun b' => exp (e * q b')) l.

Definition best_replies (l : list nat) (q : nat -> R) : list nat := filter (fun b => at_most (maximum q l) (q b)) l.

(** What action values [q] are worth to the follower, and what his answer is to the leader when an action is
    worth [w]: of his best responses, he takes the one that she likes best. *)
Definition reply_value (e : option R) (l : list nat) (q : nat -> R) : R :=
  match e with
  | Some e => / e * ln (rsum (fun b => exp (e * q b)) l)
  | None => maximum q l
  end.

Definition reply (e : option R) (l : list nat) (q w : nat -> R) : R :=
  match e with
  | Some e => mean (response e l q) w l
  | None => maximum w (best_replies l q)
  end.

Section Values.
Variables (M : model) (pi : policy).
Let S' := seq 0 (states M).
Let A := seq 0 (leader M).
Let B := seq 0 (follower M).

(** The value of the follower with [k] steps to go, and his action values before a step. *)
Definition action_value (h s : nat) (V : nat -> R) (b : nat) : R :=
  mean (pi h s b) (fun a => r M h s a b + gamma M * mean (P M h s a b) V S') A.

Fixpoint V (k s : nat) : R :=
  match k with
  | O => 0
  | S k' => reply_value (eta M) B (action_value (horizon M - k) s (V k'))
  end.

(** The leader's value with [k] steps to go. *)
Fixpoint W (k s : nat) : R :=
  match k with
  | O => 0
  | S k' =>
      let h := (horizon M - k)%nat in
      reply (eta M) B (action_value h s (V k'))
        (fun b => mean (pi h s b) (fun a => u M h s a b + mean (P M h s a b) (W k') S') A)
  end.

Definition J : R := mean (rho M) (W (horizon M)) S'.

(** A policy: distributions that are the same for follower actions of one cell. *)
Definition admissible : Prop :=
  forall h s, (h < horizon M)%nat -> (s < states M)%nat ->
    (forall b, (b < follower M)%nat -> simplex (pi h s b) A) /\
    (forall cell b b' a, In cell (observes M) -> In b cell -> In b' cell -> pi h s b a = pi h s b' a).
End Values.

(** ** Exact tables *)

(** Probabilities [n / denominator] of the places that are listed. *)
Record row := Row { denominator : positive; numerators : list (nat * Z) }.

(** For emitted files: an entry of a row. *)
Definition place (t : nat) (n : Z) : nat * Z := (t, n).

Definition mass (w : row) (t : nat) : R :=
  rsum (fun tn : nat * Z => if (fst tn =? t)%nat then IZR (snd tn) / IZR (Zpos (denominator w)) else 0) (numerators w).

Definition is_row (size : nat) (w : row) : bool :=
  forallb (fun tn : nat * Z => (fst tn <? size)%nat && (0 <=? snd tn)%Z) (numerators w) &&
  (fold_right (fun tn z => snd tn + z)%Z 0%Z (numerators w) =? Zpos (denominator w))%Z.

Definition row_mean (w : row) (f : nat -> R) : R :=
  rsum (fun tn : nat * Z => IZR (snd tn) / IZR (Zpos (denominator w)) * f (fst tn)) (numerators w).

Lemma mean_mass size w f : is_row size w = true -> mean (mass w) f (seq 0 size) = row_mean w f.
Proof.
  unfold is_row. rewrite andb_true_iff, forallb_forall. intros [H _].
  unfold mean, mass, row_mean. set (d := IZR (Zpos (denominator w))).
  rewrite (rsum_ext _ (fun t => rsum (fun tn : nat * Z =>
    if (t =? fst tn)%nat then IZR (snd tn) / d * f (fst tn) else 0) (numerators w))).
  - rewrite rsum_swap. apply rsum_ext. intros [t n] Hin. apply H in Hin. simpl in *.
    apply andb_true_iff in Hin. destruct Hin as [Ht _]. apply Nat.ltb_lt in Ht.
    apply rsum_single; [apply seq_NoDup|apply in_seq; lia].
  - intros t _. rewrite <- rsum_scale_r. apply rsum_ext. intros [t' n] _. simpl.
    rewrite Nat.eqb_sym. destruct (Nat.eqb_spec t t') as [->|]; ring.
Qed.

Lemma fold_sum l : IZR (fold_right (fun (tn : nat * Z) z => snd tn + z)%Z 0%Z l) = rsum (fun tn => IZR (snd tn)) l.
Proof. induction l as [|a t IH]; simpl; [reflexivity|]. now rewrite plus_IZR, IH. Qed.

Lemma mass_simplex size w : is_row size w = true -> simplex (mass w) (seq 0 size).
Proof.
  intros Hw. assert (Hd : 0 < IZR (Zpos (denominator w))) by (apply IZR_lt; reflexivity).
  pose proof Hw as H. unfold is_row in H. rewrite andb_true_iff, forallb_forall in H. destruct H as [H Hs].
  split.
  - intros t _. apply rsum_nonneg. intros [t' n] Hin. apply H in Hin. simpl in *.
    apply andb_true_iff in Hin. destruct Hin as [_ Hn]. apply Z.leb_le, IZR_le in Hn.
    destruct (t' =? t)%nat; [|lra]. apply Rmult_le_pos; [assumption|apply Rlt_le, Rinv_0_lt_compat, Hd].
  - pose proof (mean_mass size w (fun _ => 1) Hw) as E. unfold mean in E.
    rewrite (rsum_ext (fun a => mass w a * 1) (mass w)) in E by (intros; ring). rewrite E.
    apply Z.eqb_eq in Hs. unfold row_mean.
    rewrite (rsum_ext _ (fun tn : nat * Z => IZR (snd tn) * / IZR (Zpos (denominator w)))) by (intros; unfold Rdiv; ring).
    rewrite rsum_scale_r, <- fold_sum, Hs. field. lra.
Qed.

Definition steps (T : Type) := list (list (list (list T))).    (* [1 or H][s][a][b] *)

Record table := Table {
  H_ : nat; S_ : nat; A_ : nat; B_ : nat;
  rho_ : row; P_ : steps row; u_ : steps Q; r_ : steps Q;
  eta_ : option Q; gamma_ : Q; observes_ : list (list nat) }.

(** One entry serves every step, or there is one for each. *)
Definition at_step {T} (l : list (list T)) (h : nat) : list T :=
  match l with [one] => one | _ => nth h l [] end.

Definition entry {T} (l : steps T) (d : T) (h s a b : nat) : T :=
  nth b (nth a (nth s (at_step l h) []) []) d.

Definition no_row : row := Row 1 [].
Definition P_at G h s a b := entry (P_ G) no_row h s a b.
Definition u_at G h s a b := entry (u_ G) 0%Q h s a b.
Definition r_at G h s a b := entry (r_ G) 0%Q h s a b.

Definition meaning (G : table) : model := {|
  horizon := H_ G; states := S_ G; leader := A_ G; follower := B_ G;
  rho := mass (rho_ G);
  P := fun h s a b => mass (P_at G h s a b);
  u := fun h s a b => Q2R (u_at G h s a b);
  r := fun h s a b => Q2R (r_at G h s a b);
  eta := option_map Q2R (eta_ G); gamma := Q2R (gamma_ G);
  observes := observes_ G |}.

(** What makes tables a game with a myopic follower. *)
Fixpoint distinct (l : list nat) : bool :=
  match l with [] => true | a :: t => negb (existsb (Nat.eqb a) t) && distinct t end.

Definition is_partition (n : nat) (cells : list (list nat)) : bool :=
  let all := concat cells in
  distinct all && forallb (fun b => b <? n)%nat all && (length all =? n)%nat &&
  forallb (fun c => negb (length c =? 0)%nat) cells.

Definition is_tables (G : table) : bool :=
  is_row (S_ G) (rho_ G) && is_partition (B_ G) (observes_ G) &&
  negb (A_ G =? 0)%nat && negb (B_ G =? 0)%nat && Qeq_bool (gamma_ G) 0 &&
  forallb (fun h => forallb (fun s => forallb (fun a => forallb (fun b =>
    is_row (S_ G) (P_at G h s a b)) (seq 0 (B_ G))) (seq 0 (A_ G))) (seq 0 (S_ G))) (seq 0 (H_ G)).

(** ... who answers quantally, or by a best response. *)
Definition finite_eta (G : table) : Q := match eta_ G with Some e => e | None => 0%Q end.
Definition is_game (G : table) : bool := is_tables G && (0 <? Qnum (finite_eta G))%Z.
Definition is_strong_game (G : table) : bool := is_tables G && match eta_ G with None => true | Some _ => false end.

Lemma distinct_NoDup l : distinct l = true -> NoDup l.
Proof.
  induction l as [|a t IH]; simpl; [constructor|]. rewrite andb_true_iff, negb_true_iff. intros [H Ht].
  constructor; [|auto]. intros Hin. assert (existsb (Nat.eqb a) t = true); [|congruence].
  apply existsb_exists. exists a. split; [assumption|apply Nat.eqb_refl].
Qed.

(** A sum over the follower's actions is a sum over the cells. *)
Lemma rsum_cells n cells f : is_partition n cells = true ->
  rsum f (seq 0 n) = rsum (fun c => rsum f c) cells.
Proof.
  unfold is_partition. rewrite !andb_true_iff, forallb_forall. intros [[[Hd Hb] Hl] _].
  rewrite <- rsum_concat. symmetry. apply rsum_permutation.
  apply NoDup_Permutation_bis; [now apply distinct_NoDup| |].
  - rewrite seq_length. apply Nat.eqb_eq in Hl. lia.
  - intros b Hin. apply Hb, Nat.ltb_lt in Hin. apply in_seq. lia.
Qed.

Lemma partition_member n cells cell b : is_partition n cells = true -> In cell cells -> In b cell -> (b < n)%nat.
Proof.
  unfold is_partition. rewrite !andb_true_iff, forallb_forall. intros [[[_ Hb] _] _] Hc Hin.
  apply Nat.ltb_lt, Hb, in_concat. now exists cell.
Qed.

Lemma partition_nonempty n cells cell : is_partition n cells = true -> In cell cells -> cell <> [].
Proof.
  unfold is_partition. rewrite !andb_true_iff. intros [_ H] Hc. rewrite forallb_forall in H.
  apply H in Hc. destruct cell; [discriminate|easy].
Qed.

Lemma table_facts G : is_tables G = true ->
  is_row (S_ G) (rho_ G) = true /\ is_partition (B_ G) (observes_ G) = true /\
  (0 < A_ G)%nat /\ (0 < B_ G)%nat /\ Q2R (gamma_ G) = 0 /\
  forall h s a b, (h < H_ G)%nat -> (s < S_ G)%nat -> (a < A_ G)%nat -> (b < B_ G)%nat ->
    is_row (S_ G) (P_at G h s a b) = true.
Proof.
  intros H. unfold is_tables in H. rewrite !andb_true_iff in H.
  destruct H as [[[[[H1 H2] H3] H4] H5] H7].
  apply negb_true_iff, Nat.eqb_neq in H3, H4. apply Qeq_bool_iff, Qeq_eqR in H5.
  repeat split; try assumption; try lia.
  - rewrite H5. apply RMicromega.Q2R_0.
  - intros h s a b Hh Hs Ha Hb. rewrite forallb_forall in H7. specialize (H7 h ltac:(apply in_seq; lia)).
    cbv beta in H7. rewrite forallb_forall in H7. specialize (H7 s ltac:(apply in_seq; lia)).
    cbv beta in H7. rewrite forallb_forall in H7. specialize (H7 a ltac:(apply in_seq; lia)).
    cbv beta in H7. rewrite forallb_forall in H7. apply H7. apply in_seq; lia.
Qed.

Section Game.
Variable G : table.

(** A myopic follower's action values are his mean rewards. *)
Definition mean_reward (alpha : nat -> nat -> R) (h s b : nat) : R :=
  mean (alpha b) (fun a => Q2R (r_at G h s a b)) (seq 0 (A_ G)).

Definition mean_worth (alpha : nat -> nat -> R) (h s : nat) (next : nat -> R) (b : nat) : R :=
  mean (alpha b) (fun a => Q2R (u_at G h s a b) + row_mean (P_at G h s a b) next) (seq 0 (A_ G)).

(** He does not look ahead. *)
Lemma myopic_action_value pi h s U b : Q2R (gamma_ G) = 0 ->
  action_value (meaning G) pi h s U b = mean_reward (pi h s) h s b.
Proof.
  intros Hg. unfold action_value, mean_reward. apply mean_ext. intros a _.
  change (gamma (meaning G)) with (Q2R (gamma_ G)). rewrite Hg. simpl. ring.
Qed.

Lemma worth_in_tables pi h s U b : is_tables G = true -> (h < H_ G)%nat -> (s < S_ G)%nat -> (b < B_ G)%nat ->
  mean (pi h s b) (fun a => u (meaning G) h s a b + mean (P (meaning G) h s a b) U (seq 0 (S_ G))) (seq 0 (A_ G)) =
  mean_worth (pi h s) h s U b.
Proof.
  intros HT Hh Hs Hb. destruct (table_facts G HT) as (_ & _ & _ & _ & _ & HP).
  unfold mean_worth. apply rsum_ext. intros a Ha. apply in_seq in Ha. f_equal. f_equal.
  apply (mean_mass (S_ G) (P_at G h s a b)). apply HP; lia.
Qed.

Hypothesis HG : is_game G = true.

Lemma game_facts : is_row (S_ G) (rho_ G) = true /\ is_partition (B_ G) (observes_ G) = true /\
  (0 < A_ G)%nat /\ (0 < B_ G)%nat /\ Q2R (gamma_ G) = 0 /\ 0 < Q2R (finite_eta G) /\
  forall h s a b, (h < H_ G)%nat -> (s < S_ G)%nat -> (a < A_ G)%nat -> (b < B_ G)%nat ->
    is_row (S_ G) (P_at G h s a b) = true.
Proof.
  pose proof HG as H. unfold is_game in H. apply andb_true_iff in H. destruct H as [H He].
  destruct (table_facts G H) as (H1 & H2 & H3 & H4 & H5 & H6). repeat split; try assumption.
  apply Z.ltb_lt, IZR_lt in He. unfold Q2R. apply Rmult_lt_0_compat; [assumption|].
  apply Rinv_0_lt_compat, IZR_lt. reflexivity.
Qed.

Lemma eta_is_finite : eta (meaning G) = Some (Q2R (finite_eta G)).
Proof.
  destruct game_facts as (_ & _ & _ & _ & _ & He & _). simpl. unfold finite_eta in *.
  destruct (eta_ G); [reflexivity|]. rewrite RMicromega.Q2R_0 in He. lra.
Qed.

Definition stage_value (alpha : nat -> nat -> R) (h s : nat) (next : nat -> R) : R :=
  rsum (fun b => exp (Q2R (finite_eta G) * mean_reward alpha h s b) * mean_worth alpha h s next b) (seq 0 (B_ G)) /
  rsum (fun b => exp (Q2R (finite_eta G) * mean_reward alpha h s b)) (seq 0 (B_ G)).

Theorem W_step pi k s : (S k <= H_ G)%nat -> (s < S_ G)%nat ->
  W (meaning G) pi (S k) s = stage_value (pi (H_ G - S k)%nat s) (H_ G - S k) s (W (meaning G) pi k).
Proof.
  intros Hk Hs. destruct game_facts as (_ & _ & _ & _ & Hg & _ & _).
  assert (HT : is_tables G = true) by (pose proof HG as H; unfold is_game in H; now apply andb_true_iff in H).
  set (h := (H_ G - S k)%nat) in *. assert (Hh : (h < H_ G)%nat) by (unfold h; lia).
  cbn [W]. rewrite eta_is_finite. change (horizon (meaning G)) with (H_ G). fold h.
  unfold reply, stage_value, mean at 1, response. cbn [follower leader states meaning].
  rewrite (rsum_ext (fun b' => exp (Q2R (finite_eta G) * action_value _ _ _ _ _ b'))
    (fun b' => exp (Q2R (finite_eta G) * mean_reward (pi h s) h s b')))
    by (intros; now rewrite myopic_action_value).
  unfold Rdiv at 2. rewrite <- rsum_scale_r. apply rsum_ext. intros b Hb. apply in_seq in Hb.
  rewrite myopic_action_value by assumption.
  pose proof (worth_in_tables pi h s (W (meaning G) pi k) b HT Hh Hs ltac:(lia)) as E.
  cbn [u P meaning] in *. rewrite E. unfold Rdiv. ring.
Qed.
End Game.
